// attribute_list - names and values in one line, whatever the values hold
//
//     client_address=192.0.2.1 sender=%22a%20b%22@example.org
//
// Pairs between blanks; in a value every octet that is not a letter, a digit
// or one of -._~@:/+= is written as %XX (RFC 3986 2.1). For what the tool asks
// a daemon over its control socket.
// Failure of parsing: what is not name=value, a % without two hexadecimal
// digits, a name twice. The Error shows the pair.
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

using Attributes = std::vector<std::pair<std::string, std::string>>;

std::string write_attributes(const Attributes& attributes);
Result<Attributes> parse_attributes(std::string_view line);

} // namespace postern
