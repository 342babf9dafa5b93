#include "common/ldap/ldap_url.h"

#include "common/digits.h"
#include "common/text.h"

#include <algorithm>
#include <optional>

namespace postern {
namespace {

constexpr std::uint16_t ldaps_port = 636;
constexpr std::string_view slapd_socket = "/run/slapd/ldapi"; // Debian's
constexpr std::size_t longest_socket_path = 107;              // sun_path without its NUL
constexpr std::size_t longest_host = 253;

// RFC 3986 2.1
std::optional<std::string> percent_decoded(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return std::nullopt;
        out += static_cast<char>(high << 4 | low);
        i += 2;
    }
    return out;
}

bool is_visible(char c)
{
    return c > 0x20 && c < 0x7f;
}

Result<LdapUrl> parse_socket(std::string_view text, std::string_view rest)
{
    if (rest.ends_with('/'))
        rest.remove_suffix(1);
    auto path = percent_decoded(rest);
    if (path && path->empty())
        path = slapd_socket;
    if (!path || !path->starts_with('/') || !std::all_of(path->begin(), path->end(), is_visible))
        return fail("\"{}\" wants the path of a socket, such as ldapi://%2Frun%2Fslapd%2Fldapi", printable(text));
    if (path->size() > longest_socket_path)
        return fail("\"{}\": the path of a socket has at most {} octets", printable(text), longest_socket_path);
    return LdapUrl{LdapScheme::ldapi, "", 0, *path};
}

// "host", "host:port", "[address]:port"; an IPv6 address without a port needs no brackets
struct UrlServer {
    std::string_view host;
    std::string_view port;
    bool has_port = false;
};

std::optional<UrlServer> split_host(std::string_view text)
{
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos)
            return std::nullopt;
        const auto after = text.substr(end + 1);
        if (!after.empty() && after.front() != ':')
            return std::nullopt;
        return UrlServer{text.substr(1, end - 1), after.empty() ? after : after.substr(1), !after.empty()};
    }
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
        return UrlServer{text, {}, false};
    return UrlServer{text.substr(0, colon), text.substr(colon + 1), true};
}

bool is_ldap_host(std::string_view host)
{
    const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':'; };
    return !host.empty() && host.size() <= longest_host && std::all_of(host.begin(), host.end(), fits);
}

Result<std::uint16_t> parse_port(std::string_view text, std::string_view port)
{
    const auto number = parse_number<std::uint16_t>(port, 1, 65535);
    if (!number)
        return fail("\"{}\": \"{}\" is not a port", printable(text), printable(port));
    return *number;
}

} // namespace

std::string LdapUrl::text() const
{
    if (scheme == LdapScheme::ldapi) {
        std::string text = "ldapi://";
        for (const char c : path) {
            if (is_alnum(c) || c == '-' || c == '_' || c == '.')
                text += c;
            else
                text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
        return text;
    }
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}", scheme == LdapScheme::ldaps ? "ldaps" : "ldap", is_ipv6 ? "[" : "", host,
                       is_ipv6 ? "]" : "", port);
}

Result<LdapUrl> parse_ldap_url(std::string_view text, std::uint16_t default_port)
{
    LdapUrl url;
    url.port = default_port;
    auto rest = text;
    if (const auto colon = text.find("://"); colon != std::string_view::npos) {
        const auto scheme = to_lower(text.substr(0, colon));
        rest = text.substr(colon + 3);
        if (scheme == "ldapi")
            return parse_socket(text, rest);
        if (scheme != "ldap" && scheme != "ldaps")
            return fail("\"{}\": {}:// is none of ldap://, ldaps:// and ldapi://", printable(text), printable(scheme));
        if (scheme == "ldaps") {
            url.scheme = LdapScheme::ldaps;
            url.port = ldaps_port;
        }
        if (rest.ends_with('/'))
            rest.remove_suffix(1);
    }
    if (rest.find_first_of("/?") != std::string_view::npos)
        return fail("\"{}\" names more than a server: base and filter have settings of their own", printable(text));
    const auto parts = split_host(rest);
    if (!parts || !is_ldap_host(parts->host))
        return fail("\"{}\" is not a server such as ldap://dc1.example.org", printable(text));
    url.host = parts->host;
    if (parts->has_port) {
        const auto port = parse_port(text, parts->port);
        if (!port)
            return tl::unexpected(port.error());
        url.port = *port;
    }
    return url;
}

} // namespace postern
