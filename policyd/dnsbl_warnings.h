// dnsbl_warnings - what the host has that DNS lists do not like
//
// The configuration names the lists; whether the system's resolver is one
// that they refuse stands in /etc/resolv.conf. (Those of dns.servers are the
// configuration's own matter.)
// Pure.
#pragma once

#include "config/config.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

std::vector<std::string> dnsbl_warnings(const Config& config, std::string_view resolv_conf);

} // namespace postern
