#include "milterd/dkim_field_set.h"

#include "common/text.h"

#include <algorithm>

namespace postern {

Result<std::vector<std::string>> change_field_set(std::span<const std::string> items,
                                                  std::span<const std::string_view> fallback)
{
    std::vector<std::string> fields;
    const auto find = [&fields](std::string_view name) {
        return std::find_if(fields.begin(), fields.end(),
                            [name](const std::string& field) { return equals_ignoring_case(field, name); });
    };
    const bool is_change = std::find(items.begin(), items.end(), "*") != items.end();
    if (is_change)
        fields.assign(fallback.begin(), fallback.end());
    for (const auto& item : items) {
        if (item == "*")
            continue;
        if (item == ".") {
            if (items.size() > 1)
                return fail("\".\" is no field at all, and others are named");
            return fields;
        }
        const char sign = item.empty() ? '\0' : item.front();
        const bool is_signed = sign == '+' || sign == '-';
        const auto name = std::string_view(item).substr(is_signed ? 1 : 0);
        if (is_signed && !is_change)
            return fail("\"{}\" changes the default, and \"*\", which is the default, is missing", printable(item, 80));
        const auto is_wrong = [](char c) { return c <= ' ' || c > '~' || c == ':' || c == ';' || c == '*'; };
        if (name.empty() || std::any_of(name.begin(), name.end(), is_wrong))
            return fail("\"{}\" is no name of a header field", printable(item, 80));
        const auto there = find(name);
        if (sign == '-' && there != fields.end())
            fields.erase(there);
        else if (sign != '-' && there == fields.end())
            fields.emplace_back(name);
    }
    return fields;
}

} // namespace postern
