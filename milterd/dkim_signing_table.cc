#include "milterd/dkim_signing_table.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t shown_signer = 160;
constexpr std::size_t address_limit = 600; // RFC 5321 4.5.3.1 has 320

// The author's domain is compared as A-labels; a table may have it as people write it.
std::string comparable(std::string_view pattern)
{
    const auto at = pattern.rfind('@');
    const auto begin = at == pattern.npos ? 0 : at + 1;
    auto domain = pattern.substr(begin);
    const bool is_below = domain.starts_with('.');
    domain.remove_prefix(is_below ? 1 : 0);
    const auto a_labels = domain.find('*') == domain.npos ? to_a_labels(domain) : to_lower(domain);
    return concat({to_lower(pattern.substr(0, begin)), is_below ? "." : "", a_labels.value_or(to_lower(domain))});
}

Result<SigningRow> read_signing_row(const DataRow& row)
{
    if (row.value.empty())
        return fail("\"{}\" names no key", printable(row.key, shown_signer));
    const std::string_view value = row.value;
    const auto colon = value.find(':');
    const auto key_name = trim(value.substr(0, colon));
    const auto identity = colon == value.npos ? std::string_view() : trim(value.substr(colon + 1));
    if (key_name.empty())
        return fail("\"{}\" names no key", printable(row.key, shown_signer));
    if (std::any_of(key_name.begin(), key_name.end(), is_space))
        return fail("\"{}\" is not the name of one key", printable(key_name, shown_signer));
    if (!identity.empty() && identity.find('@') == identity.npos)
        return fail("\"{}\" is no identity: user@domain or @domain is wanted", printable(identity, shown_signer));
    return SigningRow{comparable(row.key), std::string(key_name), std::string(identity), row.where};
}

// Has the pattern two labels at its end that are no wildcard, or none at all before it?
bool names_a_domain(std::string_view pattern, bool has_patterns)
{
    const auto domain = pattern.substr(pattern.rfind('@') + 1); // all of it, without "@"
    const auto open_end = has_patterns ? domain.rfind('*') : domain == "*" || domain.starts_with('.') ? 0 : domain.npos;
    if (open_end == domain.npos)
        return true;
    const auto literal = domain.substr(open_end + 1);
    const auto labels = literal.substr(std::min(literal.find_first_not_of('.'), literal.size()));
    return labels.find('.') != labels.npos;
}

bool can_fit(std::string_view pattern, bool has_patterns)
{
    if (has_patterns)
        return pattern.find('@') != pattern.npos || pattern.find('*') != pattern.npos;
    const auto star = pattern.find('*');
    const bool is_any = pattern == "*" || (pattern.ends_with("@*") && star + 1 == pattern.size());
    return (star == pattern.npos || is_any) && !pattern.starts_with('@');
}

} // namespace

DkimSigningTable DkimSigningTable::parse(DataSet::Kind kind, const std::vector<DataRow>& rows,
                                         std::vector<Error>& faults)
{
    DkimSigningTable table;
    table.has_patterns_ = kind == DataSet::Kind::patterns;
    for (const auto& row : rows) {
        auto read = read_signing_row(row);
        if (!read) {
            faults.push_back(Error{fmt::format("{}: {}", row.where, read.error().what)});
            continue;
        }
        table.warn_of(*read);
        if (!table.has_patterns_)
            table.by_key_[read->pattern].push_back(table.rows_.size());
        table.rows_.push_back(std::move(*read));
    }
    return table;
}

void DkimSigningTable::warn_of(const SigningRow& row)
{
    const auto pattern = printable(row.pattern, shown_signer);
    if (!can_fit(row.pattern, has_patterns_))
        warnings_.push_back(has_patterns_
                                ? fmt::format("{}: \"{}\" fits no address: write *@{}", row.where, pattern, pattern)
                                : fmt::format("{}: \"{}\" fits no address: only a refile: has patterns such as *@{}",
                                              row.where, pattern, pattern.substr(pattern.rfind('@') + 1)));
    else if (!names_a_domain(row.pattern, has_patterns_))
        warnings_.push_back(fmt::format("{}: \"{}\" signs mail whose author may be of any domain, also of those that "
                                        "are not ours: receivers refuse such mail",
                                        row.where, pattern));
}

std::vector<std::size_t> DkimSigningTable::find(std::string_view local_part, std::string_view domain,
                                                bool wants_all) const
{
    std::vector<std::size_t> found;
    if (domain.empty() || local_part.size() + domain.size() > address_limit)
        return found;
    const auto user = to_lower(local_part) + '@';
    const auto address = user + std::string(domain);
    if (has_patterns_) {
        for (std::size_t i = 0; i < rows_.size() && (wants_all || found.empty()); ++i)
            if (matches_wildcard(rows_[i].pattern, address))
                found.push_back(i);
        return found;
    }

    std::vector<std::string> keys = {address, std::string(domain)};
    for (const auto& prefix : {user, std::string()})
        for (auto dot = domain.find('.'); dot != domain.npos; dot = domain.find('.', dot + 1))
            keys.push_back(prefix + std::string(domain.substr(dot)));
    keys.insert(keys.end(), {user + '*', "*"});
    for (const auto& key : keys)
        if (wants_all || found.empty())
            look_up(key, found);
    if (!wants_all && found.size() > 1)
        found.resize(1);
    return found;
}

void DkimSigningTable::look_up(const std::string& key, std::vector<std::size_t>& found) const
{
    if (const auto it = by_key_.find(key); it != by_key_.end())
        found.insert(found.end(), it->second.begin(), it->second.end());
}

} // namespace postern
