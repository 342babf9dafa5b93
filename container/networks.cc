#include "container/networks.h"

#include "common/ip_address.h"

namespace postern {
namespace {

IpAddress with_bit_flipped(const IpAddress& address, int bit)
{
    auto octets = address.octets();
    octets[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(0x80 >> (bit % 8));
    return address.is_v4() ? IpAddress::v4({octets[0], octets[1], octets[2], octets[3]}) : IpAddress::v6(octets);
}

// Halves the network again and again: the half without the address is kept whole.
void add_rest(std::vector<std::string>& rest, const IpNetwork& network, const IpAddress& address)
{
    for (int prefix = network.prefix + 1; prefix <= address.bits(); ++prefix) {
        const auto half = with_bit_flipped(address, prefix - 1).masked(prefix);
        rest.push_back(fmt::format("{}/{}", half.text(), prefix));
    }
}

} // namespace

std::vector<std::string> networks_without(const std::vector<std::string>& networks, std::string_view address)
{
    const auto left_out = parse_ip_address(address);
    std::vector<std::string> rest;
    for (const auto& text : networks) {
        const auto network = parse_ip_network(text);
        if (left_out && network && network->address.is_v4() == left_out->is_v4() && network->contains(*left_out))
            add_rest(rest, *network, *left_out);
        else
            rest.push_back(text);
    }
    return rest;
}

} // namespace postern
