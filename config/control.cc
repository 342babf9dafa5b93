#include "config/control.h"

#include "common/text.h"

namespace postern {

Result<std::vector<ControlTarget>> control_targets(const LoadedHost& host, std::string_view name)
{
    const auto& config = host.base.config;
    std::vector<ControlTarget> targets{{"policyd", config.policyd.control}, {"milterd", config.milterd.control}};
    for (const auto& instance : host.instances)
        targets.push_back({instance.name, instance.config.milterd.control});
    if (name.empty())
        return targets;
    std::vector<std::string_view> names;
    for (const auto& target : targets) {
        if (target.name == name)
            return std::vector{target};
        names.push_back(target.name);
    }
    return fail("{}: no such daemon; there are {}", name, fmt::join(names, ", "));
}

ControlReport ask_all(const std::vector<ControlTarget>& targets, std::string_view command, const AskControl& ask)
{
    ControlReport report;
    for (const auto& target : targets) {
        const auto answer = target.path.empty() ? fail("has no control socket") : ask(target.path, command);
        const auto& text = answer ? *answer : answer.error().what;
        for (const auto line : split(trim(text), '\n'))
            report.text += fmt::format("{}: {}\n", target.name, line.empty() ? "ok" : line);
        report.is_good &= answer.has_value();
    }
    return report;
}

} // namespace postern
