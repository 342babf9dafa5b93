#include "config/old_services.h"

#include "common/read_file.h"
#include "common/text.h"
#include "common/whole_file.h"

#include <algorithm>
#include <iterator>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace postern {
namespace {

constexpr std::size_t record_limit = 64 * 1024; // octets

} // namespace

OldServices::OldServices(std::string postfix_directory, PostfixFiles::Run run)
    : record_(std::move(postfix_directory) + "/services.before-postern")
    , run_(std::move(run))
{
}

// systemctl(1) is-system-running: "offline" where something else is process 1.
Result<bool> OldServices::has_systemd() const
{
    constexpr std::string_view running[] = {"initializing", "starting", "running", "degraded", "maintenance"};
    const auto answer = run_({"systemctl", "is-system-running"});
    return answer && std::find(std::begin(running), std::end(running), trim(answer->text)) != std::end(running);
}

Result<OldServices::Unit> OldServices::look_at(const std::string& name) const
{
    Unit unit{name};
    const auto active = run_({"systemctl", "is-active", name});
    const auto enabled = run_({"systemctl", "is-enabled", name});
    if (!active || !enabled)
        return tl::unexpected(active ? enabled.error() : active.error());
    unit.is_active = active->status == 0;
    unit.is_enabled = enabled->status == 0 && trim(enabled->text) != "static";
    return unit;
}

Result<> OldServices::systemctl(const std::vector<std::string>& words) const
{
    std::vector<std::string> command{"systemctl"};
    command.insert(command.end(), words.begin(), words.end());
    const auto answer = run_(command);
    if (!answer)
        return tl::unexpected(answer.error());
    if (answer->status != 0)
        return fail("{}: {}", fmt::join(command, " "), printable(trim(answer->text)));
    return {};
}

Result<std::vector<OldServices::Unit>> OldServices::written_down() const
{
    std::vector<Unit> units;
    if (::access(record_.c_str(), F_OK) != 0)
        return units;
    const auto text = read_file(record_, record_limit);
    if (!text)
        return tl::unexpected(text.error());
    for (const auto line : split(*text, '\n')) {
        const auto words = split_words(line);
        if (words.size() == 3)
            units.push_back({std::string(words[0]), words[1] == "active", words[2] == "enabled"});
    }
    return units;
}

Result<> OldServices::write_down(const std::vector<Unit>& units) const
{
    std::string text;
    for (const auto& unit : units)
        text += fmt::format("{} {} {}\n", unit.name, unit.is_active ? "active" : "stopped",
                            unit.is_enabled ? "enabled" : "disabled");
    return replace_file(record_, text, {0644});
}

Result<std::vector<std::string>> OldServices::stop(const OldSetup& old) const
{
    const auto systemd = has_systemd();
    auto units = written_down(); // of an earlier run: what it has seen counts
    if (!systemd || !units)
        return tl::unexpected(systemd ? units.error() : systemd.error());
    std::vector<std::string> said;
    std::vector<Unit> to_stop;
    for (const auto* program : old.programs) {
        const std::string name(program->unit);
        if (name.empty()) // Postfix starts it, and does so no more
            continue;
        auto unit = *systemd ? look_at(name) : Unit{name, true, true};
        if (!unit)
            return tl::unexpected(unit.error());
        if (!unit->is_active && !unit->is_enabled)
            continue;
        to_stop.push_back(*unit);
        if (std::none_of(units->begin(), units->end(), [&](const Unit& known) { return known.name == name; }))
            units->push_back(*unit);
    }
    if (to_stop.empty())
        return said;
    if (auto written = write_down(*units); !written)
        return tl::unexpected(written.error());
    for (const auto& unit : to_stop) {
        if (!*systemd) {
            said.push_back(fmt::format("Stop {}, which nobody asks any more: systemd does not run here.", unit.name));
            continue;
        }
        if (auto stopped = systemctl({"disable", "--now", unit.name}); !stopped)
            return tl::unexpected(stopped.error());
        said.push_back(fmt::format("{} is stopped, and stays installed.", unit.name));
    }
    return said;
}

Result<std::vector<std::string>> OldServices::start_again() const
{
    const auto systemd = has_systemd();
    const auto units = written_down();
    if (!systemd || !units)
        return tl::unexpected(systemd ? units.error() : systemd.error());
    std::vector<std::string> said;
    for (const auto& unit : *units) {
        if (!*systemd) {
            said.push_back(fmt::format("Start {}, which Postfix asks again: systemd does not run here.", unit.name));
            continue;
        }
        if (unit.is_enabled)
            if (auto enabled = systemctl({"enable", unit.name}); !enabled)
                return tl::unexpected(enabled.error());
        if (unit.is_active)
            if (auto started = systemctl({"start", unit.name}); !started)
                return tl::unexpected(started.error());
        said.push_back(fmt::format("{} is back.", unit.name));
    }
    return said;
}

void OldServices::forget() const
{
    ::unlink(record_.c_str());
}

} // namespace postern
