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
    if (!user.starts_with("prvs="))
        return user;
    auto rest = user;
    while (rest.ends_with('='))
        rest.remove_suffix(1);
    const auto parts = split(rest, '=');
    if (parts.size() != 3)
        return user;
    return is_batv_tag(parts[2]) && !is_batv_tag(parts[1]) ? parts[1] : parts[2];
}

bool is_word(char c)
{
    return is_alnum(c) || c == '_';
}

// Writes `user` to `to`, which may lie at or before its beginning, and returns the end.
char* replace_numbers(std::string_view user, char* to)
{
    while (!user.empty()) {
        const auto run_end = is_word(user[0]) ? std::find_if_not(user.begin(), user.end(), is_word) : user.begin() + 1;
        const auto run = user.substr(0, static_cast<std::size_t>(run_end - user.begin()));
        if (std::all_of(run.begin(), run.end(), is_digit))
            *to++ = '#';
        else
            to = std::copy(run.begin(), run.end(), to);
        user.remove_prefix(run.size());
    }
    return to;
}

void append_lower(std::string& out, std::string_view text)
{
    const auto before = out.size();
    out.resize(before + text.size());
    std::transform(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(before),
                   [](char c) { return to_lower(c); });
}

void append_domain(std::string& out, std::string_view domain)
{
    if (!domain.empty())
        out.append("@").append(domain); // in lower case already
}

void limit_part(std::string& out, std::size_t begin)
{
    if (out.size() > begin + greylist_part_limit)
        out.resize(begin + greylist_part_limit);
}

void append_sender(std::string& out, const MailAddress& sender)
{
    const auto begin = out.size();
    append_lower(out, sender.local_part);
    if (!sender.domain.empty()) { // else as it is; <> too
        auto user = without_batv(std::string_view(out).substr(begin));
        user = user.substr(0, user.find('+'));
        out.resize(static_cast<std::size_t>(replace_numbers(user, out.data() + begin) - out.data()));
        append_domain(out, sender.domain);
    }
    limit_part(out, begin);
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
    std::string out;
    append_sender(out, sender);
    return out;
}

void write_greylist_mail(const MailAddress& sender, const MailAddress& recipient, std::string& out)
{
    out.assign("/");
    append_sender(out, sender);
    out += '/';
    const auto begin = out.size();
    append_lower(out, recipient.local_part);
    append_domain(out, recipient.domain);
    limit_part(out, begin);
}

void GreylistKeyPair::assign(std::string_view client_text, std::string_view mail)
{
    client.assign(client_text);
    triplet.assign(client_text).append(mail);
}

GreylistKeyPair greylist_keys(const ClientKey& client, const MailAddress& sender, const MailAddress& recipient)
{
    std::string mail;
    write_greylist_mail(sender, recipient, mail);
    GreylistKeyPair keys;
    keys.assign(client.text, mail);
    return keys;
}

} // namespace postern
