#include "milterd/origin.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

bool is_in(const std::vector<std::string>& names, const std::string& name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool fits(const MacroRule& rule, const Message& message)
{
    return std::any_of(message.macros.begin(), message.macros.end(), [&](const auto& macro) {
        return macro.first == rule.name && (rule.values.empty() || is_in(rule.values, macro.second));
    });
}

} // namespace

MacroRule parse_macro_rule(std::string_view text)
{
    const auto parts = split(text, '|');
    MacroRule rule{std::string(parts.front())};
    rule.values.assign(parts.begin() + 1, parts.end());
    return rule;
}

Origin origin_of(const Message& message, const OriginRules& rules)
{
    if (!message.is_internal && is_in(rules.returning_daemon_names, message.daemon_name))
        return Origin::returned;
    if (message.is_internal || rules.takes_all || !message.login.empty()
        || is_in(rules.daemon_names, message.daemon_name)
        || std::any_of(rules.macros.begin(), rules.macros.end(), [&](const auto& rule) { return fits(rule, message); })
        || rules.networks.contains(message.client, message.client_name))
        return Origin::ours;
    return rules.relays.contains(message.client, message.client_name) ? Origin::relay : Origin::stranger;
}

} // namespace postern
