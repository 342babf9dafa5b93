// public_resolvers - name servers that all the world may ask
//
// Lists of spammers cannot tell their customers apart there, and refuse: some
// with an answer that looks like a listing.
#pragma once

#include "common/ip_address.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

// Who runs it, "Google"; empty: not one that we know.
std::string_view public_resolver_of(const IpAddress& address);

// For an operator who asks `zone` through such a server.
std::string public_resolver_warning(std::string_view server, std::string_view operator_name, std::string_view zone);

// The same for the system's own, as resolv.conf(5) has them: of the first that is public and the first zone that
// refuses those. Empty: there is none.
std::string system_resolver_warning(std::string_view resolv_conf, const std::vector<std::string>& zones);

} // namespace postern
