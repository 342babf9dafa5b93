// domain - names as SPF looks at them
//
// Pure questions about the names that senders, records and the DNS give us.
#pragma once

#include <string_view>

namespace postern {

// Can stand as the <domain> of check_host: several labels, none of them empty
// or over 63 octets, no address literal, nothing that is not visible ASCII
// (RFC 7208 4.3). The last dot is gone already.
bool is_spf_domain(std::string_view name);

// Can be asked in the DNS: as above, but one label will do, and macros may
// have brought blanks. What cannot be asked does not exist.
bool is_askable(std::string_view name);

// `name` is `domain` or below it, whatever the case and with or without last dots (RFC 7208 5.5).
bool is_within(std::string_view name, std::string_view domain);

std::string_view without_last_dot(std::string_view name);

} // namespace postern
