#include "config/policy_places.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

std::string_view without_braces(std::string_view text)
{
    text = trim(text);
    if (text.size() < 2 || text.front() != '{' || text.back() != '}')
        return text;
    return trim(text.substr(1, text.size() - 2));
}

// A place of the operator's own: "observe" alone is what the tool writes.
bool is_place(std::string_view context)
{
    return !context.empty() && context != "observe";
}

} // namespace

PolicyService parse_policy_service(std::string_view entry)
{
    PolicyService service;
    for (const auto& part : split_postfix_list(without_braces(entry))) {
        const auto text = without_braces(part);
        const auto equals = text.find('=');
        const auto name = trim(text.substr(0, equals));
        if (service.address.empty())
            service.address = text;
        else if (equals != std::string_view::npos && name == "policy_context")
            service.context = trim(text.substr(equals + 1));
        else if (equals != std::string_view::npos && name == "default_action")
            service.has_default_action = true;
    }
    return service;
}

std::vector<std::string_view> names_of_context(std::string_view context)
{
    constexpr std::string_view separators = "+, \t";
    std::vector<std::string_view> names;
    while (!context.empty()) {
        const auto name = context.substr(0, context.find_first_of(separators));
        context.remove_prefix(std::min(name.size() + 1, context.size()));
        if (!name.empty())
            names.push_back(name);
    }
    return names;
}

std::vector<std::string> entries_with_context(const PostfixConfig& postfix,
                                              const std::function<bool(const std::string& entry)>& is_ours)
{
    std::vector<std::string> entries;
    const auto look = [&](std::string_view value) {
        if (value.find("policy_context") == std::string_view::npos)
            return;
        const auto items = split_postfix_list(value);
        for (std::size_t i = 1; i < items.size(); ++i)
            if (items[i - 1] == "check_policy_service" && is_ours(items[i])
                && is_place(parse_policy_service(items[i]).context)
                && std::find(entries.begin(), entries.end(), items[i]) == entries.end())
                entries.push_back(items[i]);
    };
    for (const auto& [name, value] : postfix.parameters)
        look(value);
    for (const auto& service : postfix.services)
        for (const auto& [name, value] : service.options)
            look(value);
    return entries;
}

} // namespace postern
