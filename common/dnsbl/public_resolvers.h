// public_resolvers - name servers that all the world may ask
//
// Lists of spammers cannot tell their customers apart there, and refuse: some
// with an answer that looks like a listing.
#pragma once

#include "common/ip_address.h"

#include <string_view>

namespace postern {

// Who runs it, "Google"; empty: not one that we know.
std::string_view public_resolver_of(const IpAddress& address);

} // namespace postern
