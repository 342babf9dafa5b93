// shell_text - words and assignments as sh(1) reads them
//
// What files of /etc/default hold and systemd's command lines are made of:
// quotes, backslashes, comments, $NAME. Nothing is run: what would be is a fault.
// Pure. Failure: a fault is "line N: what", and the rest is read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct Assignment {
    std::string name, value; // without quotes and backslashes, with what $NAME stood for
    int line = 0;
};

// NAME=VALUE a line, also with `export` before it. $NAME and ${NAME} are what was set above, or nothing.
std::vector<Assignment> parse_assignments(std::string_view text, std::vector<std::string>& faults);

// Words between blanks, without quotes and backslashes. A $ stays as it is.
std::vector<std::string> shell_words(std::string_view text);

using Variables = std::map<std::string, std::string, std::less<>>;

// With $NAME and ${NAME} replaced; "$$" is a $.
std::string expand_variables(std::string_view text, const Variables& variables);

} // namespace postern
