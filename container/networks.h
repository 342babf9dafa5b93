// networks - a list of networks without one address
//
// Postern's trust.networks has no exclusions as Postfix's mynetworks has them;
// what is left of a network is told by the networks around the address.
// Pure. What is not an IPv4 or IPv6 network, such as a name, stays as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern {

std::vector<std::string> networks_without(const std::vector<std::string>& networks, std::string_view address);

} // namespace postern
