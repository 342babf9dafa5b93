#include "config/old_setup.h"

#include <algorithm>
#include <map>
#include <set>

namespace postern {
namespace {

// The old programs that are asked anywhere, by name, and the addresses by which they are.
struct Asked {
    std::map<std::string_view, const OldProgram*> programs;
    std::set<std::string> addresses;
};

void look_at(Asked& asked, const OldProgram* program, const std::string& address)
{
    if (!program)
        return;
    asked.programs.emplace(program->name, program);
    asked.addresses.insert(address);
}

void look_at(Asked& asked, std::string_view name, std::string_view value)
{
    const auto items = split_postfix_list(value);
    if (name.ends_with("_milters")) {
        for (const auto& item : items)
            look_at(asked, find_old_milter(item), item);
        return;
    }
    for (std::size_t i = 1; i < items.size(); ++i)
        if (items[i - 1] == "check_policy_service")
            look_at(asked, find_old_policy_service(items[i]), items[i]);
}

Asked asked_by(const PostfixConfig& postfix)
{
    Asked asked;
    for (const auto& [name, value] : postfix.parameters)
        look_at(asked, name, value);
    for (const auto& service : postfix.services)
        for (const auto& [name, value] : service.options)
            look_at(asked, name, value);
    return asked;
}

bool is_asked(const Asked& asked, const PostfixService& service)
{
    const auto socket = "/" + service.name; // unix:private/policyd-spf
    return std::any_of(asked.addresses.begin(), asked.addresses.end(), [&](const std::string& address) {
        const auto at = address.find(socket);
        const auto end = at + socket.size();
        return at != address.npos && (end == address.size() || address[end] == ',' || address[end] == ' ');
    });
}

} // namespace

bool OldSetup::has(Duty duty) const
{
    return std::any_of(programs.begin(), programs.end(), [&](const auto* program) { return program->duty == duty; });
}

OldSetup unused(const PostfixConfig& before, const PostfixConfig& wanted)
{
    const auto then = asked_by(before);
    const auto now = asked_by(wanted);
    OldSetup old;
    for (const auto& [name, program] : then.programs)
        if (!now.programs.contains(name))
            old.programs.push_back(program);
    for (const auto& service : before.services) {
        if (service.program != "spawn" || !is_asked(then, service) || is_asked(now, service))
            continue;
        old.services.push_back(service.text());
        if (const auto limit = service.name + "_time_limit"; before.parameters.contains(limit))
            old.parameters.push_back(limit);
    }
    return old;
}

} // namespace postern
