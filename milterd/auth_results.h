// auth_results - the Authentication-Results header field
//
// RFC 8601; RFC 8616 for internationalised mail. Pure: reads whose result a
// received field claims to be, and writes ours. Nothing that a sender
// controls can break out of a value: it is quoted, or made printable, here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct AuthProperty {
    std::string ptype;    // smtp, header, policy, body (RFC 8601 2.3)
    std::string property; // d, i, s, a, b, mailfrom, helo
    std::string value;    // any octets
};

struct AuthResult {
    std::string method; // dkim, spf, dmarc, iprev
    std::string result; // pass, fail, ... (RFC 8601 2.7)
    std::string comment; // any octets; written in parentheses
    std::string reason;  // any octets; reason="..."
    std::vector<AuthProperty> properties;
};

// The value of the field, folded with "\n\t": `authserv_id; dkim=pass ...`,
// or `authserv_id; none` without results (RFC 8601 2.2).
std::string write_auth_results(std::string_view authserv_id, const std::vector<AuthResult>& results);

// The authserv-id that a field's value bears, unquoted, lower case; empty if
// it has none. Comments and folds in front are passed over (RFC 8601 5).
std::string read_authserv_id(std::string_view value);

} // namespace postern
