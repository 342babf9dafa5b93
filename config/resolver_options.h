// resolver_options - the resolver as the operator wants it
//
// From the settings' words to those of common/dns/make_resolver.
// Config: [dns]
#pragma once

#include "common/dns/make_resolver.h"
#include "config/config.h"

namespace postern {

ResolverOptions resolver_options(const DnsSettings& settings, const std::string& system = "/etc/resolv.conf");

} // namespace postern
