#include "common/socket_address.h"

#include "common/digits.h"
#include "common/text.h"

#include <algorithm>
#include <optional>
#include <sys/socket.h>

namespace postern {
namespace {

constexpr std::size_t path_limit = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t host_limit = 253; // RFC 1035 2.3.4, as text
constexpr std::size_t shown_socket = 160;      // octets of a faulty text in an Error

bool is_host_character(char c)
{
    return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

// A name, or an IPv4 address. What looks like an address has to be one.
bool is_host(std::string_view host)
{
    if (host.empty() || host.size() > host_limit || !std::all_of(host.begin(), host.end(), is_host_character))
        return false;
    const bool is_numeric = std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
    return !is_numeric || parse_ip_address(host).has_value();
}

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    return parse_number<std::uint16_t>(text, 1, 65535);
}

// "HOST:PORT" or "[HOST]:PORT" in two; the port may be missing, colon and all.
struct HostPort {
    std::string_view host;
    std::optional<std::string_view> port;
    bool is_bracketed = false;
};

std::optional<HostPort> split_host_port(std::string_view text)
{
    HostPort parts;
    parts.is_bracketed = text.starts_with('[');
    const auto host_end = parts.is_bracketed ? text.find(']') : text.rfind(':');
    parts.host = text.substr(0, host_end);
    if (parts.is_bracketed) {
        if (host_end == std::string_view::npos)
            return std::nullopt;
        parts.host.remove_prefix(1);
    }
    text.remove_prefix(std::min(text.size(), parts.is_bracketed ? host_end + 1 : host_end));
    if (text.empty())
        return parts;
    if (text.front() != ':')
        return std::nullopt;
    parts.port = text.substr(1);
    return parts;
}

bool has_colon(std::string_view text)
{
    return text.find(':') != std::string_view::npos;
}

Result<SocketAddress> parse_unix(std::string_view text, std::string_view path)
{
    if (!path.starts_with('/') || path.ends_with('/'))
        return fail("\"{}\": the path of a Unix socket is absolute, as in unix:/run/postern/policy", printable(text, shown_socket));
    if (path.size() > path_limit)
        return fail("\"{}\": the path of a Unix socket has at most {} octets", printable(text, shown_socket), path_limit);
    if (path.find('\0') != std::string_view::npos)
        return fail("\"{}\": the path holds a NUL", printable(text, shown_socket));
    return SocketAddress{std::string(path), {}, 0};
}

Result<SocketAddress> parse_inet(std::string_view text, std::string_view rest)
{
    if (rest.find('@') != std::string_view::npos)
        return fail("\"{}\": write inet:HOST:PORT", printable(text, shown_socket));
    const auto parts = split_host_port(rest);
    if (!parts || !parts->port)
        return fail("\"{}\": host and port are needed, as in inet:127.0.0.1:10040", printable(text, shown_socket));
    if (!parts->is_bracketed && has_colon(parts->host))
        return fail("\"{}\": an IPv6 address stands in brackets, as in inet:[::1]:10040", printable(text, shown_socket));
    const bool is_valid = parts->is_bracketed ? has_colon(parts->host) && parse_ip_address(parts->host) : is_host(parts->host);
    if (!is_valid)
        return fail("\"{}\": \"{}\" is neither a host name nor an IP address", printable(text, shown_socket),
                    printable(parts->host, shown_socket));
    const auto port = parse_port(*parts->port);
    if (!port)
        return fail("\"{}\": the port is not between 1 and 65535", printable(text, shown_socket));
    return SocketAddress{{}, std::string(parts->host), *port};
}

} // namespace

std::string SocketAddress::text() const
{
    if (is_unix())
        return "unix:" + path;
    return has_colon(host) ? fmt::format("inet:[{}]:{}", host, port) : fmt::format("inet:{}:{}", host, port);
}

Result<SocketAddress> parse_socket_address(std::string_view text)
{
    constexpr std::string_view unix_tag = "unix:";
    constexpr std::string_view inet_tag = "inet:";
    if (text.starts_with(unix_tag))
        return parse_unix(text, text.substr(unix_tag.size()));
    if (text.starts_with(inet_tag))
        return parse_inet(text, text.substr(inet_tag.size()));
    if (text.starts_with("local:") || text.starts_with('/'))
        return fail("\"{}\": write unix:PATH", printable(text, shown_socket));
    if (text.starts_with("inet6:"))
        return fail("\"{}\": write inet:[ADDRESS]:PORT", printable(text, shown_socket));
    return fail("\"{}\" is neither unix:PATH nor inet:HOST:PORT", printable(text, shown_socket));
}

sockaddr_un unix_sockaddr(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path_limit);
    return address;
}

Result<IpEndpoint> parse_ip_endpoint(std::string_view text, std::uint16_t default_port)
{
    if (const auto address = parse_ip_address(text)) // "::1" is an address, not a host and a port
        return IpEndpoint{*address, default_port};
    const auto parts = split_host_port(text);
    const auto address = parse_ip_address(parts ? parts->host : "");
    if (!address || (has_colon(parts->host) != parts->is_bracketed))
        return fail("\"{}\" is not an IP address, nor one with a port as in 127.0.0.1:53 or [::1]:53", printable(text, shown_socket));
    if (!parts->port)
        return IpEndpoint{*address, default_port};
    const auto port = parse_port(*parts->port);
    if (!port)
        return fail("\"{}\": the port is not between 1 and 65535", printable(text, shown_socket));
    return IpEndpoint{*address, *port};
}

} // namespace postern
