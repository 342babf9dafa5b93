// variable_table - the table of variables, as README.md has it
#pragma once

#include <string>

namespace postern {

std::string variable_table(); // Markdown

} // namespace postern
