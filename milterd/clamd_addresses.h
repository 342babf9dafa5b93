// clamd_addresses - where to connect to, by what the operator wrote
//
// A path and an address are known at once. A host's name is looked up as most
// programs do: "localhost" is the loopback (RFC 6761 6.3), then /etc/hosts,
// where containers have their names, then the DNS.
// Failure: no addresses.
#pragma once

#include "common/ip_address.h"
#include "common/socket_address.h"
#include "milterd/clamd_connection.h"
#include "milterd/resolver_thread.h"

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// Starts a look-up; the answer comes by itself, soon or not, and nobody waits for it.
using ClamdLookUp = std::function<std::future<std::vector<IpAddress>>(std::string host)>;

bool needs_look_up(const SocketAddress& address); // a host's name

// Of a path, or of `host` as these addresses.
std::vector<ClamdEndpoint> clamd_endpoints(const SocketAddress& address, const std::vector<IpAddress>& host);

// What is known of `address` without anybody being asked: nothing of a host's name.
std::vector<ClamdEndpoint> known_endpoints(const SocketAddress& address);

// In the text of a hosts(5) file. Pure.
std::vector<IpAddress> addresses_in_hosts(std::string_view hosts, std::string_view name);

// In /etc/hosts and by `dns`, which must outlive every look-up that is waited for.
ClamdLookUp look_up_with(ResolverThread& dns, std::chrono::milliseconds limit = std::chrono::seconds(5));

} // namespace postern
