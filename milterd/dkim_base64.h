// dkim_base64 - octets as text, in tags and key records
//
// RFC 6376 2.10 (base64string), RFC 4648 4. Pure.
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace postern {

// Blanks, tabs and line ends are passed over. The padding may be missing, as RFC 6376 allows;
// anything else that is not base64 is an Error.
Result<std::string> decode_base64(std::string_view text);

std::string encode_base64(std::string_view octets);

} // namespace postern
