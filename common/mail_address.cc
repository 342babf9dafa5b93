#include "common/mail_address.h"

#include "common/spf/domain.h"
#include "common/text.h"

#include <algorithm>
#include <idn2.h>
#include <memory>
#include <utility>

namespace postern {
namespace {

constexpr std::size_t unicode_domain_limit = 1020; // 255 characters (RFC 1035 2.3.4) of four octets

bool is_ascii(std::string_view text)
{
    return printable_prefix(text) == text.size() || std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What an A-label or a service label ("_dmarc") is made of.
bool is_domain_character(char c)
{
    return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

// RFC 5321 4.1.1.3, appendix C: a source route ("@a,@b:user@c") should be ignored.
std::string_view without_source_route(std::string_view text)
{
    const auto colon = text.find(':');
    return text.starts_with('@') && colon != std::string_view::npos ? text.substr(colon + 1) : text;
}

} // namespace

std::string MailAddress::text() const
{
    return domain.empty() ? local_part : local_part + "@" + domain;
}

MailAddress parse_mail_address(std::string_view text)
{
    if (text.size() >= 2 && text.front() == '<' && text.back() == '>')
        text = text.substr(1, text.size() - 2);
    text = without_source_route(text);

    const auto at = text.rfind('@'); // a quoted local part may hold one too
    if (at == std::string_view::npos)
        return {std::string(text), {}};
    const auto domain = text.substr(at + 1);
    auto labels = to_a_labels(domain);
    return {std::string(text.substr(0, at)), labels ? std::move(*labels) : to_lower(without_last_dot(domain))};
}

Result<std::string> to_a_labels(std::string_view domain)
{
    if (is_ascii(domain)) // nearly always: no table is asked, nothing is judged
        return to_lower(without_last_dot(domain));

    if (domain.size() > unicode_domain_limit || domain.find('\0') != std::string_view::npos)
        return fail("\"{}\" is not a domain name", printable(domain, 64));

    std::uint8_t* labels = nullptr;
    const std::string input(domain);
    const int status = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(input.c_str()), &labels,
                                      IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(labels, idn2_free);
    if (status != IDN2_OK)
        return fail("\"{}\" is not a domain name: {}", printable(domain, 64), idn2_strerror(status));

    const auto name = to_lower(without_last_dot(reinterpret_cast<const char*>(labels)));
    // Some characters map to ASCII that no label has: U+2100 is "a/c", U+FF20 an @.
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_domain_character))
        return fail("\"{}\" is not a domain name", printable(domain, 64));
    return name;
}

} // namespace postern
