// text - small things done to strings, the same way everywhere
//
// ASCII only: mail protocols compare keywords and domains octet by octet
// (RFC 5321 2.4), so no function here looks at the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

bool is_alpha(char c);
bool is_digit(char c);
bool is_alnum(char c);
bool is_space(char c); // blank, tab, CR, LF

char to_lower(char c);
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Without blanks, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text);

// The parts between separators, empty ones included: split("a,,b", ',') has three.
std::vector<std::string_view> split(std::string_view text, char separator);

// The words between runs of blanks, tabs, CR and LF; no empty ones.
std::vector<std::string_view> split_words(std::string_view text);

// Fit for a wire: every octet outside printable ASCII (0x20 to 0x7e) becomes
// '?', and at most `limit` octets are kept. One octet in, one octet out.
std::string printable(std::string_view text, std::size_t limit = 512);

} // namespace postern
