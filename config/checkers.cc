#include "config/checkers.h"

#include "common/address_list.h"
#include "common/client_list.h"
#include "common/data_set.h"
#include "common/domain_list.h"
#include "common/mail_address.h"
#include "common/network_list.h"
#include "common/regex.h"
#include "common/socket_address.h"
#include "common/spf/spf_text.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t template_limit = 400; // a reply line has 512 octets (RFC 5321 4.5.3.1.5), and the code before it
constexpr std::size_t path_limit = 4095;    // PATH_MAX without its NUL
constexpr std::size_t domain_limit = 253;   // RFC 1035 2.3.4, as text
constexpr std::size_t label_limit = 63;
constexpr std::size_t account_limit = 32;   // useradd(8)
constexpr std::uint16_t dns_port = 53;

bool is_printable(char c)
{
    return c >= 0x20 && c <= 0x7e;
}

Result<> check_reply_text(std::string_view text)
{
    if (text.size() > template_limit)
        return fail("has {} octets; at most {} fit in a reply", text.size(), template_limit);
    if (!std::all_of(text.begin(), text.end(), is_printable))
        return fail("holds what is not printable ASCII, the only text that SMTP can carry here");
    return {};
}

} // namespace

Result<> check_data_set(std::string_view text)
{
    if (const auto set = parse_data_set(text); !set)
        return tl::unexpected(set.error());
    return {};
}

Result<> check_network(std::string_view text)
{
    if (is_file_entry(text))
        return check_data_set(text);
    const std::string entry(text);
    if (const auto list = NetworkList::parse({&entry, 1}); !list)
        return tl::unexpected(list.error());
    return {};
}

Result<> check_socket(std::string_view text)
{
    if (const auto address = parse_socket_address(text); !address)
        return tl::unexpected(address.error());
    return {};
}

Result<> check_dns_server(std::string_view text)
{
    if (const auto server = parse_ip_endpoint(text, dns_port); !server)
        return tl::unexpected(server.error());
    return {};
}

Result<> check_path(std::string_view text)
{
    if (!text.starts_with('/'))
        return fail("\"{}\" is not an absolute path", text);
    if (text.size() > path_limit)
        return fail("is a path of {} octets; at most {} can be used", text.size(), path_limit);
    return {};
}

Result<> check_socket_path(std::string_view text)
{
    if (const auto ok = check_path(text); !ok)
        return ok;
    return check_socket(fmt::format("unix:{}", text));
}

Result<> check_domain(std::string_view text)
{
    const auto domain = to_a_labels(text);
    if (!domain)
        return tl::unexpected(domain.error());
    const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
    bool is_domain = domain->size() <= domain_limit;
    for (const auto label : split(*domain, '.'))
        is_domain &= !label.empty() && label.size() <= label_limit && std::all_of(label.begin(), label.end(), fits);
    if (!is_domain)
        return fail("\"{}\" is not a domain name", text);
    return {};
}

Result<> check_domain_entry(std::string_view text)
{
    const std::string entry(text);
    if (const auto list = DomainList::parse({&entry, 1}); !list)
        return tl::unexpected(list.error());
    return {};
}

Result<> check_selector(std::string_view text)
{
    // RFC 6376 3.1: sub-domain *( "." sub-domain ), the names that a DNS label can be
    for (const auto label : split(text, '.')) {
        const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
        if (label.empty() || label.size() > label_limit || !std::all_of(label.begin(), label.end(), fits))
            return fail("\"{}\" is not a selector: labels of letters, digits, - and _, with dots between them", text);
    }
    return {};
}

Result<> check_canonicalization(std::string_view text)
{
    for (const auto* const good : {"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"})
        if (text == good)
            return {};
    return fail("\"{}\" is not simple or relaxed, a slash, and again simple or relaxed", text);
}

Result<> check_field_name(std::string_view text)
{
    const auto fits = [](char c) { return is_printable(c) && c != ' ' && c != ':'; };
    if (text.empty() || !std::all_of(text.begin(), text.end(), fits))
        return fail("\"{}\" is not the name of a header field", text);
    return {};
}

Result<> check_field_change(std::string_view text)
{
    if (text == "*" || text == ".")
        return {};
    return check_field_name(text.substr(text.starts_with('+') || text.starts_with('-') ? 1 : 0));
}

Result<> check_macro_rule(std::string_view text)
{
    const auto name = text.substr(0, text.find('|'));
    const auto fits = [](char c) { return is_alnum(c) || c == '_'; };
    const auto inside = name.size() > 2 && name.front() == '{' && name.back() == '}' ? name.substr(1, name.size() - 2)
                                                                                      : name;
    const bool is_name = !inside.empty() && std::all_of(inside.begin(), inside.end(), fits)
        && (inside.size() < name.size() || name.size() == 1);
    if (!is_name)
        return fail("\"{}\" is not a milter macro such as {{auth_type}}, or {{auth_type}}|value", text);
    return {};
}

Result<> check_account(std::string_view text)
{
    const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '$'; };
    if (text.size() > account_limit || text.starts_with('-') || !std::all_of(text.begin(), text.end(), fits))
        return fail("\"{}\" is not the name of an account", text);
    return {};
}

Result<> check_client_entry(std::string_view text)
{
    if (const auto entry = parse_client_entry(text); !entry)
        return tl::unexpected(entry.error());
    return {};
}

Result<> check_address_entry(std::string_view text)
{
    if (const auto entry = parse_address_entry(text); !entry)
        return tl::unexpected(entry.error());
    return {};
}

Result<> check_exempt_client(std::string_view text)
{
    return text == "local" ? Result<>{} : check_network(text);
}

Result<> check_login_entry(std::string_view text)
{
    const bool is_pattern = text.size() > 1 && text.front() == '/' && text.back() == '/';
    if (text.front() == '/' && !is_pattern)
        return fail("\"{}\" begins as a regular expression and does not end as one; a file is for "
                    "clamav.exempt_login_lists",
                    text);
    if (!is_pattern)
        return {};
    if (const auto pattern = Regex::compile(text.substr(1, text.size() - 2)); !pattern)
        return tl::unexpected(pattern.error());
    return {};
}

Result<> check_signature_name(std::string_view text)
{
    if (!std::all_of(text.begin(), text.end(), [](char c) { return is_printable(c) && c != ' '; }))
        return fail("\"{}\" cannot be the beginning of a signature's name", text);
    return {};
}

Result<> check_address_list_item(std::string_view text)
{
    return is_file_entry(text) ? check_data_set(text) : check_address_entry(text);
}

Result<> check_domain_list_item(std::string_view text)
{
    return is_file_entry(text) ? check_data_set(text) : check_domain_entry(text);
}

Result<> check_defer_action(std::string_view text)
{
    const bool is_code = text.size() == 3 && text[0] == '4' && is_digit(text[1]) && is_digit(text[2]);
    if (!is_code && text != "defer_if_permit" && text != "defer" && text != "defer_if_reject")
        return fail("\"{}\" is not defer_if_permit, defer, defer_if_reject or a code from 400 to 499", text);
    return {};
}

Result<> check_template(std::string_view text, std::string_view letters)
{
    if (const auto ok = check_reply_text(text); !ok)
        return ok;
    for (std::size_t at = text.find('%'); at < text.size(); at = text.find('%', at + 2)) {
        const auto letter = text.substr(at + 1, 1);
        if (letter.empty() || (letter != "%" && letters.find(letter) == std::string_view::npos))
            return fail("%{} stands for nothing here; %{} and %% do", letter, fmt::join(letters, ", %"));
    }
    return {};
}

Result<> check_defer_template(std::string_view text)
{
    const bool has_status = text.size() > 1 && is_digit(text[0]) && text[1] == '.';
    if (has_status && text[0] != '4')
        return fail("begins with {}: the status of a temporary refusal begins with 4.", text.substr(0, text.find(' ')));
    return check_template(text, "sr");
}

Result<> check_spf_template(std::string_view text)
{
    if (const auto ok = check_reply_text(text); !ok)
        return ok;
    return check_spf_text(text);
}

Result<> check_header_template(std::string_view text)
{
    const auto colon = text.find(": ");
    if (colon == std::string_view::npos || !check_field_name(text.substr(0, colon)))
        return fail("\"{}\" is not a header field such as \"X-Greylist: delayed %t seconds\"", text);
    return check_template(text, "tvdh");
}

} // namespace postern
