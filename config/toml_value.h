// toml_value - a setting's value as postern.toml has it
#pragma once

#include "config/setting.h"

#include <string>
#include <string_view>

namespace postern {

std::string toml_string(std::string_view text); // in quotes

// `items`: one, but for lists. They are values that set_value takes.
std::string toml_value(const Setting& setting, const Texts& items);

} // namespace postern
