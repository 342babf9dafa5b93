#include "config/toml_value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace postern {

std::string toml_string(std::string_view text)
{
    std::string result = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
            continue;
        }
        if (c == '"' || c == '\\')
            result += '\\';
        result += c;
    }
    return result + '"';
}

std::string toml_value(const Setting& setting, const Texts& items)
{
    const auto text = items.empty() ? std::string() : items.front();
    switch (shape_of(setting)) {
    case Shape::boolean:
    case Shape::number:
        return text;
    case Shape::size:
    case Shape::text:
        return toml_string(text);
    case Shape::list:
        break;
    }
    Texts values;
    for (const auto& item : items)
        values.push_back(toml_string(item));
    return fmt::format("[{}]", fmt::join(values, ", "));
}

} // namespace postern
