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
    std::string ptype; // smtp, header, policy, body (RFC 8601 2.3)
    std::string property; // d, i, s, a, b, mailfrom, helo
    std::string value; // any octets; the first 400 are written
};

struct AuthResult {
    std::string method; // dkim, spf, dmarc, iprev
    std::string result; // pass, fail, ... (RFC 8601 2.7)
    std::string comment; // any octets; the first 200 are written, in parentheses
    std::string reason; // any octets; the first 200 are written, as reason="..."
    std::vector<AuthProperty> properties;
};

// May the field hold UTF-8? Only that of a mail sent with SMTPUTF8 (RFC 6531 3.2).
enum class FieldCharset { ascii, utf8 };

// The value of the field, folded with "\n\t": `authserv_id;\n\tdkim=pass ...`,
// or `authserv_id; none` without results (RFC 8601 2.2). What may not stand in
// it becomes '?', one for each octet.
std::string write_auth_results(std::string_view authserv_id, const std::vector<AuthResult>& results,
                               FieldCharset charset = FieldCharset::ascii);

// The authserv-id that a field's value bears, unquoted, as lower-case A-labels
// without a last dot; empty if it has none. Comments and folds in front are
// passed over (RFC 8601 5). Forgiving: what follows the id need not be right.
std::string read_authserv_id(std::string_view value);

} // namespace postern
