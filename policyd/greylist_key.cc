#include "policyd/greylist_key.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t batv_tag_size = 10; // KDDDSSSSSS, draft-levine-smtp-batv

bool is_batv_tag(std::string_view text)
{
    return text.size() >= batv_tag_size && std::all_of(text.begin(), text.begin() + batv_tag_size, is_alnum);
}

// "prvs=tag=user", but some programs write "prvs=user=tag". As in postgrey, a = at the end parts nothing.
std::string_view without_batv(std::string_view user)
{
    auto rest = user;
    while (rest.ends_with('='))
        rest.remove_suffix(1);
    const auto parts = split(rest, '=');
    if (parts.size() != 3 || parts[0] != "prvs")
        return user;
    return is_batv_tag(parts[2]) && !is_batv_tag(parts[1]) ? parts[1] : parts[2];
}

bool is_word(char c)
{
    return is_alnum(c) || c == '_';
}

std::string numbers_replaced(std::string_view user)
{
    std::string out;
    while (!user.empty()) {
        const auto run_end = is_word(user[0]) ? std::find_if_not(user.begin(), user.end(), is_word) : user.begin() + 1;
        const auto run = user.substr(0, static_cast<std::size_t>(run_end - user.begin()));
        if (std::all_of(run.begin(), run.end(), is_digit))
            out += '#';
        else
            out += run;
        user.remove_prefix(run.size());
    }
    return out;
}

std::string limited(std::string text)
{
    if (text.size() > greylist_part_limit)
        text.resize(greylist_part_limit);
    return text;
}

} // namespace

ClientKey network_key(const IpAddress& client, int ipv4_prefix, int ipv6_prefix)
{
    return {ClientKey::Kind::network, client.masked(client.is_v4() ? ipv4_prefix : ipv6_prefix).text()};
}

ClientKey domain_key(std::string_view spf_domain)
{
    return {ClientKey::Kind::domain, "@" + to_lower(spf_domain)};
}

std::string greylist_sender(const MailAddress& sender)
{
    const auto local_part = to_lower(sender.local_part);
    if (sender.domain.empty()) // <> too
        return limited(local_part);
    auto user = without_batv(local_part);
    user = user.substr(0, user.find('+'));
    return limited(numbers_replaced(user) + "@" + sender.domain);
}

GreylistKeys greylist_keys(const ClientKey& client, const MailAddress& sender, const MailAddress& recipient)
{
    return {client.text + "/" + greylist_sender(sender) + "/" + limited(to_lower(recipient.text())), client.text};
}

} // namespace postern
