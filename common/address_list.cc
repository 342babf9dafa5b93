#include "common/address_list.h"

#include "common/text.h"

#include <algorithm>
#include <array>

namespace postern {
namespace {

constexpr std::size_t shown_address = 160;        // octets of a faulty entry in an Error
constexpr std::size_t text_limit = 600;   // of an address that is looked up; RFC 5321 4.5.3.1 has 320
constexpr int most_extensions = 4;        // of "user+a+b@", how many ways to part it are tried

bool is_address_pattern(std::string_view text)
{
    return text.size() > 1 && text.starts_with('/') && text.ends_with('/');
}

bool is_domain(std::string_view name)
{
    const auto labels = split(name, '.');
    return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
        return !label.empty()
            && std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
    });
}

} // namespace

Result<AddressEntry> parse_address_entry(std::string_view text)
{
    if (text.find_first_of(" \t") != std::string_view::npos)
        return fail("\"{}\" holds white space", printable(text, shown_address));
    if (is_address_pattern(text)) {
        auto regex = Regex::compile(text.substr(1, text.size() - 2));
        if (!regex)
            return tl::unexpected(regex.error());
        AddressEntry entry;
        entry.pattern.push_back(std::move(*regex));
        return entry;
    }
    const auto at = text.find('@');
    const auto user = at == std::string_view::npos ? std::string_view() : text.substr(0, at);
    const auto domain = at == std::string_view::npos ? text : text.substr(at + 1);
    if (at == 0)
        return fail("\"{}\" names no user; \"{}\" is every address of the domain", printable(text, shown_address),
                    printable(domain, shown_address));
    if (domain.empty() && !user.empty())
        return AddressEntry{to_lower(text)};
    const auto name = to_a_labels(domain);
    if (!name || !is_domain(*name))
        return fail("\"{}\" is not a domain, user@, user@domain or a /regular expression/", printable(text, shown_address));
    return AddressEntry{at == std::string_view::npos ? *name : concat({to_lower(user), "@", *name})};
}

AddressList::AddressList(std::vector<AddressEntry> entries)
{
    for (auto& entry : entries) {
        for (auto& pattern : entry.pattern)
            patterns_.push_back(std::move(pattern));
        if (entry.text.empty())
            continue;
        auto& table = entry.text.find('@') == std::string::npos ? domains_ : users_;
        table.insert(std::move(entry.text));
    }
}

bool AddressList::has(const MailAddress& address) const
{
    if (!domains_.empty() && find_domain(domains_, address.domain) != domains_.end())
        return true;
    const auto size = address.local_part.size();
    if (users_.empty() || size + address.domain.size() + 1 > text_limit)
        return false;

    std::array<char, text_limit> room;
    const auto is_listed = [&](std::string_view user) {
        auto end = std::transform(user.begin(), user.end(), room.begin(), [](char c) { return to_lower(c); });
        *end++ = '@';
        const std::string_view of_any_domain(room.data(), user.size() + 1);
        if (users_.find(of_any_domain) != users_.end())
            return true;
        std::copy(address.domain.begin(), address.domain.end(), end);
        return users_.find(std::string_view(room.data(), of_any_domain.size() + address.domain.size())) != users_.end();
    };
    const std::string_view user(address.local_part);
    if (is_listed(user))
        return true;
    auto plus = user.find('+');
    for (int i = 0; i < most_extensions && plus != std::string_view::npos && plus + 1 < size; ++i) {
        if (is_listed(user.substr(0, plus)))
            return true;
        plus = user.find('+', plus + 1);
    }
    return false;
}

bool AddressList::matches(std::string_view address) const
{
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const Regex& regex) { return regex.matches(address); });
}

} // namespace postern
