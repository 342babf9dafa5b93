#include "container/postfix_parameters.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace postern {

void PostfixParameters::set(std::string_view name, std::string_view value)
{
    const auto it = std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.first == name; });
    if (it == parameters_.end())
        parameters_.emplace_back(name, value);
    else
        it->second = value;
}

void PostfixParameters::set_list(std::string_view name, const std::vector<std::string>& items)
{
    set(name, fmt::format("{}", fmt::join(items, ", ")));
}

std::string PostfixParameters::text() const
{
    std::string text;
    for (const auto& [name, value] : parameters_)
        text += value.empty() ? name + " =\n" : name + " = " + value + '\n';
    return text;
}

} // namespace postern
