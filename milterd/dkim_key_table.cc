#include "milterd/dkim_key_table.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t shown_key = 160;
constexpr std::size_t name_limit = 253; // of the DNS name of the key (RFC 1035 2.3.4)
constexpr std::string_view pem_begin = "-----BEGIN ", pem_end = "-----END ", pem_dashes = "-----";
constexpr std::size_t base64_line = 64; // as openssl(1) has it

bool is_dns_name(std::string_view name)
{
    const auto labels = split(name, '.');
    return name.size() <= name_limit && std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
               return !label.empty()
                   && std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
           });
}

std::string pem_of(std::string_view label, std::string_view base64)
{
    std::string pem = fmt::format("-----BEGIN {}-----\n", label);
    for (; !base64.empty(); base64.remove_prefix(std::min(base64_line, base64.size())))
        pem.append(base64.substr(0, base64_line)).append("\n");
    return pem + fmt::format("-----END {}-----\n", label);
}

bool is_base64(char c)
{
    return is_alnum(c) || c == '+' || c == '/' || c == '=';
}

// PEM whose lines were put into one; or DER in base64, of which the decoder finds out what key it is.
Result<std::string> read_key_text(std::string_view text)
{
    std::string_view label = "PRIVATE KEY", body = text;
    if (text.starts_with(pem_begin)) {
        const auto label_end = text.find(pem_dashes, pem_begin.size());
        const auto end = text.find(pem_end, std::min(label_end, text.size()));
        if (end == text.npos)
            return fail("the key is PEM without an end");
        label = text.substr(pem_begin.size(), label_end - pem_begin.size());
        body = text.substr(label_end + pem_dashes.size(), end - label_end - pem_dashes.size());
    }
    std::string base64;
    std::copy_if(body.begin(), body.end(), std::back_inserter(base64), [](char c) { return !is_space(c); });
    if (base64.empty() || !std::all_of(base64.begin(), base64.end(), is_base64))
        return fail("the key is neither an absolute path, nor PEM, nor base64");
    return pem_of(label, base64);
}

Result<KeyTableRow> read_key_row(const DataRow& row)
{
    if (row.value.empty())
        return fail("\"{}\" has no key: domain:selector:path is wanted", printable(row.key, shown_key));
    const std::string_view value = row.value;
    const auto first = value.find(':');
    const auto second = first == value.npos ? first : value.find(':', first + 1);
    if (second == value.npos)
        return fail("\"{}\" is not domain:selector:path", printable(value, shown_key));
    const auto domain_text = trim(value.substr(0, first)), selector_text = trim(value.substr(first + 1, second - first - 1));
    const auto key = trim(value.substr(second + 1));

    KeyTableRow result;
    result.name = row.key;
    result.where = row.where;
    const auto domain = domain_text == "%" ? Result<std::string>("%") : to_a_labels(domain_text);
    if (!domain || (*domain != "%" && !is_dns_name(*domain)))
        return fail("\"{}\" is not a domain, or % for the author's", printable(domain_text, shown_key));
    const auto selector = to_a_labels(selector_text);
    if (!selector || !is_dns_name(*selector) || !is_dns_name(concat({*selector, "._domainkey.", *domain == "%" ? "x" : *domain})))
        return fail("\"{}\" is not a selector", printable(selector_text, shown_key));
    result.domain = *domain;
    result.selector = *selector;
    if (key.empty())
        return fail("\"{}\" has no key: domain:selector:path is wanted", printable(row.key, shown_key));
    if (key.starts_with("./") || key.starts_with("../"))
        return fail("\"{}\" is not an absolute path", printable(key, shown_key));
    result.is_path = key.starts_with('/');
    auto text = result.is_path ? Result<std::string>(std::string(key)) : read_key_text(key);
    if (!text)
        return tl::unexpected(text.error());
    result.key = std::move(*text);
    return result;
}

} // namespace

DkimKeyTable DkimKeyTable::parse(DataSet::Kind kind, const std::vector<DataRow>& rows, std::vector<Error>& faults)
{
    DkimKeyTable table;
    table.has_patterns_ = kind == DataSet::Kind::patterns;
    for (const auto& row : rows) {
        auto read = read_key_row(row);
        if (!read) {
            faults.push_back(Error{fmt::format("{}: {}", row.where, read.error().what)});
            continue;
        }
        const auto same = std::find_if(table.rows_.begin(), table.rows_.end(), [&](const KeyTableRow& other) {
            return other.name == read->name;
        });
        if (same != table.rows_.end())
            faults.push_back(Error{fmt::format("{}: \"{}\" stands at {} already", row.where, printable(row.key, shown_key),
                                               same->where)});
        else
            table.rows_.push_back(std::move(*read));
    }
    return table;
}

std::optional<std::size_t> DkimKeyTable::find(std::string_view name) const
{
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const KeyTableRow& row) {
        return has_patterns_ ? matches_wildcard(row.name, name) : row.name == name;
    });
    if (found == rows_.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - rows_.begin());
}

std::string with_author_domain(std::string_view text, std::string_view domain)
{
    std::string out;
    for (const char c : text)
        c == '%' ? out.append(domain) : out.append(1, c);
    return out;
}

} // namespace postern
