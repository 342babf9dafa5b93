#include "config/old_services.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

namespace postern {
namespace {

constexpr OldProgram postgrey{"postgrey", "postgrey", Duty::greylist, "postgrey"};
constexpr OldProgram spf{"policyd-spf", "policyd-spf", Duty::spf, ""};
constexpr OldProgram opendkim{"opendkim", "opendkim", Duty::dkim, "opendkim"};

// A systemd of a few units.
struct Host {
    ScratchFolder folder;
    ProgramAnswer system{0, "running\n"};
    std::map<std::string, std::pair<bool, bool>> units{{"postgrey", {true, true}}, {"opendkim", {true, false}}};
    std::string failing; // a unit with which nothing can be done
    std::string done;

    OldServices services()
    {
        return {folder.path(), [this](const auto& command) { return run(command); }};
    }
    std::string record()
    {
        std::ifstream file(folder / "services.before-postern");
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    Result<ProgramAnswer> run(const std::vector<std::string>& command)
    {
        const auto& verb = command.at(1);
        if (verb == "is-system-running")
            return system;
        auto& [is_active, is_enabled] = units[command.back()];
        if (verb == "is-active")
            return ProgramAnswer{is_active ? 0 : 3, is_active ? "active\n" : "inactive\n"};
        if (verb == "is-enabled")
            return ProgramAnswer{is_enabled ? 0 : 1, is_enabled ? "enabled\n" : "disabled\n"};
        if (command.back() == failing)
            return ProgramAnswer{1, "Failed\n"};
        done += fmt::format("{};", fmt::join(command.begin() + 1, command.end(), " "));
        if (verb == "disable")
            is_active = is_enabled = false;
        is_active = is_active || verb == "start";
        is_enabled = is_enabled || verb == "enable";
        return ProgramAnswer{};
    }
};

OldSetup setup()
{
    return {{&opendkim, &postgrey, &spf}, {}, {}};
}

} // namespace

TEST_CASE("what ran is stopped, and comes back as it was")
{
    Host host;
    const auto stopped = host.services().stop(setup());
    REQUIRE(stopped);
    CHECK(stopped->size() == 2);
    CHECK(std::exchange(host.done, {}) == "disable --now opendkim;disable --now postgrey;");
    CHECK(host.record() == "opendkim active disabled\npostgrey active enabled\n");

    CHECK(host.services().stop(setup())->empty()); // again: nothing is left to do
    CHECK(host.record() == "opendkim active disabled\npostgrey active enabled\n");

    REQUIRE(host.services().start_again());
    CHECK(host.done == "start opendkim;enable postgrey;start postgrey;");
    host.services().forget();
    CHECK(host.services().start_again()->empty());
}

TEST_CASE("what does not run is left alone")
{
    Host host;
    host.units.clear();
    CHECK(host.services().stop(setup())->empty());
    CHECK(host.done.empty());
    CHECK(host.record().empty());
}

TEST_CASE("systemctl that fails is an error, and the record is there already")
{
    Host host;
    host.failing = "postgrey";
    const auto stopped = host.services().stop(setup());
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().what == "systemctl disable --now postgrey: Failed");
    CHECK(host.record() == "opendkim active disabled\npostgrey active enabled\n");
    CHECK_FALSE(host.services().start_again());
}

TEST_CASE("without systemd the operator is told")
{
    Host host;
    host.system = {1, "offline\n"};
    const auto stopped = host.services().stop({{&postgrey, &spf}, {}, {}});
    REQUIRE(stopped);
    CHECK(*stopped == std::vector<std::string>{"Stop postgrey, which nobody asks any more: systemd does not run here."});
    CHECK(*host.services().start_again()
          == std::vector<std::string>{"Start postgrey, which Postfix asks again: systemd does not run here."});
    CHECK(host.done.empty());
}

} // namespace postern
