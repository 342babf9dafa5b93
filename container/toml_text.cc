#include "container/toml_text.h"

#include "config/toml_value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace postern {

void TomlText::section(std::string_view name)
{
    section_ = name;
    text_ += fmt::format("{}[{}]\n", text_.empty() ? "" : "\n", name);
}

void TomlText::repeated_section(std::string_view name)
{
    section_ = name;
    text_ += fmt::format("\n[[{}]]\n", name);
}

bool TomlText::set(std::string_view name, std::string_view text)
{
    return put(name, toml_string(text));
}

bool TomlText::set(std::string_view name, bool flag)
{
    return put(name, flag ? "true" : "false");
}

bool TomlText::set(std::string_view name, const std::vector<std::string>& items)
{
    std::vector<std::string> values;
    for (const auto& item : items)
        values.push_back(toml_string(item));
    return put(name, fmt::format("[{}]", fmt::join(values, ", ")));
}

bool TomlText::put(std::string_view name, std::string value)
{
    if (!find_setting(section_, name))
        return false;
    text_ += fmt::format("{} = {}\n", name, value);
    return true;
}

} // namespace postern
