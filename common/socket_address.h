// socket_address - where a socket listens or connects, as the operator writes it
//
//     unix:/run/postern/policy      a Unix socket, by its absolute path
//     inet:127.0.0.1:10040          an IPv4 address or a host name, and a port
//     inet:[2001:db8::1]:10040      an IPv6 address, and a port
//
// Postfix's own notation. Pure: a host name is kept as text, and asked for
// by whoever connects. Failure: the Error shows the text and what is wrong
// with it; that of libmilter and OpenDKIM (inet:PORT@HOST, local:PATH) is
// recognised and answered with how it is written here.
#pragma once

#include "common/ip_address.h"
#include "common/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/un.h>

namespace postern {

struct SocketAddress {
    std::string path; // of a Unix socket; empty: host and port
    std::string host; // without brackets
    std::uint16_t port = 0;

    bool is_unix() const { return !path.empty(); }
    std::string text() const; // as parse_socket_address takes it
};

Result<SocketAddress> parse_socket_address(std::string_view text);

// `path` as the system calls want it. At most 107 octets, as parse_socket_address has seen to.
sockaddr_un unix_sockaddr(const std::string& path);

struct IpEndpoint {
    IpAddress address;
    std::uint16_t port = 0;
};

// A server by its address: "127.0.0.1", "127.0.0.1:5353", "::1", "[::1]:5353".
Result<IpEndpoint> parse_ip_endpoint(std::string_view text, std::uint16_t default_port);

} // namespace postern
