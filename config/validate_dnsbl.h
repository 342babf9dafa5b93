// validate_dnsbl - DNS lists that are fine one by one, but not together
//
// Pure. A zone is called by its public name, for it may hold a key.
#pragma once

#include "config/validate.h"

#include <string_view>

namespace postern {

void validate_dnsbl(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems);

// A site of dnsbl.sites or [[dnsbl.zone]]: what is known of its zone and is no good. Empty: nothing.
std::string trouble_with_zone(std::string_view zone, DnsblZoneType type);

} // namespace postern
