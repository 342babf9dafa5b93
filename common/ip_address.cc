#include "common/ip_address.h"

#include "common/digits.h"
#include "common/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <optional>

namespace postern {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::string_view lower_hex_digits = "0123456789abcdef";

std::string dotted(const std::array<std::uint8_t, 4>& octets)
{
    char buffer[INET_ADDRSTRLEN];
    char* end = buffer;
    for (const auto octet : octets) {
        end = std::to_chars(end, std::end(buffer), octet).ptr;
        *end++ = '.';
    }
    return {buffer, end - 1};
}

// As inet_pton(3) takes it: four numbers without leading zeros. By hand: it is done for every request.
std::optional<std::array<std::uint8_t, 4>> parse_dotted(std::string_view text)
{
    std::array<std::uint8_t, 4> octets;
    std::size_t at = 0;
    for (auto& octet : octets) {
        if (&octet != octets.data() && (at == text.size() || text[at++] != '.'))
            return std::nullopt;
        const auto begin = at;
        unsigned number = 0;
        while (at < text.size() && at - begin < 4 && is_digit(text[at]))
            number = number * 10 + static_cast<unsigned>(text[at++] - '0');
        if (at == begin || number > 255 || (at - begin > 1 && text[begin] == '0'))
            return std::nullopt;
        octet = static_cast<std::uint8_t>(number);
    }
    return at == text.size() ? std::optional(octets) : std::nullopt;
}

} // namespace

IpAddress IpAddress::v4(const std::array<std::uint8_t, 4>& octets)
{
    IpAddress address;
    std::copy(octets.begin(), octets.end(), address.octets_.begin());
    return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& octets)
{
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), octets.begin()))
        return v4({octets[12], octets[13], octets[14], octets[15]});
    IpAddress address;
    address.is_v4_ = false;
    address.octets_ = octets;
    return address;
}

std::string IpAddress::text() const
{
    if (is_v4_) // asked for in every decision, and inet_ntop(3) goes through printf(3)
        return dotted({octets_[0], octets_[1], octets_[2], octets_[3]});
    char buffer[INET6_ADDRSTRLEN];
    return inet_ntop(AF_INET6, octets_.data(), buffer, sizeof buffer);
}

std::string IpAddress::reversed() const
{
    if (is_v4_)
        return dotted({octets_[3], octets_[2], octets_[1], octets_[0]});
    std::string text;
    for (auto octet = octets_.rbegin(); octet != octets_.rend(); ++octet) {
        text += lower_hex_digits[*octet & 15];
        text += '.';
        text += lower_hex_digits[*octet >> 4];
        text += '.';
    }
    text.pop_back();
    return text;
}

std::string IpAddress::reverse_name() const
{
    return reversed() + (is_v4_ ? ".in-addr.arpa" : ".ip6.arpa");
}

IpAddress IpAddress::masked(int prefix) const
{
    IpAddress address = *this;
    const auto whole = static_cast<std::size_t>(std::clamp(prefix, 0, bits())) / 8; // octets that are kept
    if (whole < address.octets_.size()) {
        address.octets_[whole] &= static_cast<std::uint8_t>(0xff00 >> prefix % 8);
        std::fill(address.octets_.begin() + static_cast<std::ptrdiff_t>(whole) + 1, address.octets_.end(),
                  std::uint8_t{0});
    }
    return address;
}

Result<IpAddress> parse_ip_address(std::string_view text)
{
    if (const auto octets = parse_dotted(text))
        return IpAddress::v4(*octets);
    constexpr std::string_view tag = "IPv6:"; // RFC 5321 4.1.3
    const std::string copy(equals_ignoring_case(text.substr(0, tag.size()), tag) ? text.substr(tag.size()) : text);

    if (copy.find('\0') == std::string::npos) {
        if (std::array<std::uint8_t, 4> octets; inet_pton(AF_INET, copy.c_str(), octets.data()) == 1)
            return IpAddress::v4(octets);
        if (std::array<std::uint8_t, 16> octets; inet_pton(AF_INET6, copy.c_str(), octets.data()) == 1)
            return IpAddress::v6(octets);
    }
    return fail("\"{}\" is not an IP address", printable(text, 64));
}

bool IpNetwork::contains(const IpAddress& other) const
{
    if (other.is_v4() != address.is_v4())
        return false;
    const auto bits = static_cast<std::size_t>(std::clamp(prefix, 0, address.bits()));
    const auto& a = address.octets();
    const auto& b = other.octets();
    if (std::memcmp(a.data(), b.data(), bits / 8) != 0)
        return false;
    return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

Result<IpNetwork> parse_ip_network(std::string_view text)
{
    const auto slash = text.rfind('/');
    auto host = text.substr(0, slash);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);

    const auto address = parse_ip_address(host);
    if (!address)
        return fail("\"{}\" is not an IP address or network", printable(text, 64));
    IpNetwork network{*address, address->bits()};
    if (slash == std::string_view::npos)
        return network;

    const auto prefix = parse_number(text.substr(slash + 1), 0, address->bits());
    if (!prefix)
        return fail("\"{}\": the prefix length is not between 0 and {}", printable(text, 64), address->bits());
    network.prefix = *prefix;
    if (address->masked(network.prefix) != *address)
        return fail("\"{}\": host bits are set; perhaps {}/{}", printable(text, 64),
                    address->masked(network.prefix).text(), network.prefix);
    return network;
}

// Asked of every client: no loop over networks.
bool is_private(const IpAddress& address)
{
    const auto& octet = address.octets();
    if (!address.is_v4()) {
        const bool is_zero = std::all_of(octet.begin(), octet.end() - 1, [](auto o) { return o == 0; });
        return (octet[0] & 0xfe) == 0xfc                      // fc00::/7
            || (octet[0] == 0xfe && (octet[1] & 0xc0) == 0x80) // fe80::/10
            || (is_zero && octet[15] <= 1);                   // ::1, and :: that no client has
    }
    switch (octet[0]) {
    case 0:
    case 10:
    case 127:
        return true;
    case 100:
        return (octet[1] & 0xc0) == 64; // 100.64.0.0/10
    case 169:
        return octet[1] == 254;
    case 172:
        return (octet[1] & 0xf0) == 16; // 172.16.0.0/12
    case 192:
        return octet[1] == 168;
    default:
        return false;
    }
}

} // namespace postern
