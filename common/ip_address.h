// ip_address - IPv4 and IPv6 addresses and networks
//
// An IPv4-mapped IPv6 address (::ffff:192.0.2.1) is the IPv4 address: RFC 7208
// 5 wants it so for SPF, and everything else here gains by it.
#pragma once

#include "common/result.h"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern {

class IpAddress {
public:
    IpAddress() = default; // 0.0.0.0

    static IpAddress v4(const std::array<std::uint8_t, 4>& octets);
    static IpAddress v6(const std::array<std::uint8_t, 16>& octets); // a mapped one becomes IPv4

    bool is_v4() const { return is_v4_; }
    int bits() const { return is_v4_ ? 32 : 128; }

    // Network order; an IPv4 address is in the first four.
    const std::array<std::uint8_t, 16>& octets() const { return octets_; }

    std::string text() const; // "192.0.2.1", "2001:db8::1"

    // "1.2.0.192", or 32 nibbles with dots: what stands before in-addr.arpa,
    // ip6.arpa (RFC 1035 3.5, RFC 3596 2.5) and DNSBL zones (RFC 5782 2.1, 2.4).
    std::string reversed() const;

    // The name that a PTR question asks.
    std::string reverse_name() const;

    // With all but the first `prefix` bits cleared.
    IpAddress masked(int prefix) const;

    auto operator<=>(const IpAddress&) const = default;

private:
    bool is_v4_ = true;
    std::array<std::uint8_t, 16> octets_{};
};

// Also takes Postfix's "IPv6:2001:db8::1", and no brackets, ports or zones.
Result<IpAddress> parse_ip_address(std::string_view text);

struct IpNetwork {
    IpAddress address; // as written: host bits may be set
    int prefix = 32;

    bool contains(const IpAddress& other) const;
};

// "192.0.2.0/24", "2001:db8::/32", "[2001:db8::]/32" as in mynetworks, or an
// address alone. Host bits that are set are a fault: Postfix refuses them too.
Result<IpNetwork> parse_ip_network(std::string_view text);

// RFC 6890: not of the public Internet (loopback, RFC 1918, RFC 4193, link-local, RFC 6598, unspecified).
bool is_private(const IpAddress& address);

} // namespace postern
