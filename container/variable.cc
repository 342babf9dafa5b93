#include "container/variable.h"

#include <algorithm>

namespace postern {

std::vector<const Variable*> variables()
{
    std::vector<const Variable*> all;
    for (const auto rows : {relay_variables(), gateway_variables(), own_variables()})
        for (const auto& row : rows)
            all.push_back(&row);
    return all;
}

const Variable* find_variable(std::string_view name)
{
    const auto all = variables();
    const auto it = std::find_if(all.begin(), all.end(), [&](const auto* row) { return row->name == name; });
    return it == all.end() ? nullptr : *it;
}

std::string_view manual_name(Manual manual)
{
    switch (manual) {
    case Manual::relay:
        return "relay";
    case Manual::gateway:
        return "gateway";
    case Manual::both:
        return "both";
    case Manual::ours:
        return "new";
    }
    return "";
}

std::string_view kind_name(VariableKind kind)
{
    switch (kind) {
    case VariableKind::boolean:
        return "yes or no";
    case VariableKind::number:
        return "number";
    case VariableKind::text:
        return "text";
    case VariableKind::list:
        return "list";
    case VariableKind::path:
        return "path";
    }
    return "";
}

} // namespace postern
