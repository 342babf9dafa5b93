// basic_regex - a basic regular expression of POSIX, in Perl's syntax
//
// For lists that were written for regcomp(3) without REG_EXTENDED: there ( ) {
// } + ? | are characters like any other, \( \) \{ \} group and repeat, a star
// at the beginning is a star, and ^ and $ are anchors only at the ends.
// What a backslash before any other character meant was left open; here it
// takes the meaning away. Pure; that the result can be compiled is for Regex.
// See: regex(7), "basic"
#pragma once

#include <string>
#include <string_view>

namespace postern {

std::string perl_from_basic_regex(std::string_view pattern);

} // namespace postern
