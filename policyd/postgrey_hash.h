// postgrey_hash - the key that postgrey makes of a text with --privacy
//
// SHA-1, which protects nothing any more; it is what the old database has.
#pragma once

#include <string>
#include <string_view>

namespace postern {

std::string postgrey_hash(std::string_view text); // "#" and 40 hexadecimal digits

} // namespace postern
