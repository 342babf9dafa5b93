#include "config/check.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>
#include <map>

namespace postern {
namespace {

// A host with those programs. The configuration file is called FILE in commands and reports.
struct Host {
    std::map<std::string, Result<ProgramAnswer>> answers{}; // by the command
    std::vector<std::string> asked{};

    CheckReport check(std::string_view toml)
    {
        const ScratchFolder scratch;
        const auto path = scratch / "postern.toml";
        std::ofstream(path) << toml;
        const auto replaced = [](std::string text, std::string_view from, std::string_view to) {
            const auto at = text.find(from);
            return at == std::string::npos ? text : text.replace(at, from.size(), to);
        };
        const auto run = [&](const std::vector<std::string>& command) -> Result<ProgramAnswer> {
            asked.push_back(replaced(fmt::format("{}", fmt::join(command, " ")), path, "FILE"));
            const auto it = answers.find(asked.back());
            if (it == answers.end() || !it->second)
                return it == answers.end() ? ProgramAnswer{} : it->second;
            return ProgramAnswer{it->second->status, replaced(it->second->text, "FILE", path)};
        };
        auto report = postern::check(path, {}, [&](std::string_view name) { return find(name); }, run);
        for (auto& line : report.lines)
            line = replaced(line, path, "FILE");
        return report;
    }

private:
    std::string find(std::string_view name) const
    {
        for (const auto& [command, answer] : answers)
            if (command.find(name) != std::string::npos)
                return fmt::format("/sbin/{}", name);
        return "";
    }
};

const std::string ask_policyd = "/sbin/postern-policyd --check FILE";
const std::string ask_milterd = "/sbin/postern-milterd --check FILE";

Host good_host()
{
    return {{{ask_policyd, ProgramAnswer{}}, {ask_milterd, ProgramAnswer{}}}};
}

} // namespace

TEST_CASE("all is well: nothing to say")
{
    auto host = good_host();
    const auto report = host.check("");
    CHECK(report.is_good);
    CHECK(report.lines.empty());
    CHECK(host.asked == std::vector{ask_policyd, ask_milterd});
}

TEST_CASE("faults of the configuration: the daemons are not asked")
{
    auto host = good_host();
    const auto report = host.check("[spf]\nenable = 1\ncolour = 2\n");
    CHECK_FALSE(report.is_good);
    CHECK(report.lines.size() == 2);
    CHECK(host.asked.empty());
}

TEST_CASE("what the daemons say is told, once")
{
    auto host = good_host();
    const std::string warning = "FILE:2: log.path: is not used: log.target is not file";
    host.answers.at(ask_policyd) = ProgramAnswer{0, warning + "\n"};
    host.answers.at(ask_milterd) = ProgramAnswer{1, warning + "\nthe key is gone\n"};
    const auto report = host.check("[log]\npath = \"/x\"\n");
    CHECK_FALSE(report.is_good);
    CHECK(report.lines == std::vector<std::string>{"warning: " + warning, "the key is gone"});
}

TEST_CASE("each instance is asked about")
{
    auto host = good_host();
    host.answers.emplace(ask_milterd + " --instance b", ProgramAnswer{1, "no key for b\n"});
    const auto report = host.check("[milterd.a]\n[milterd.b]\n");
    CHECK_FALSE(report.is_good);
    CHECK(report.lines == std::vector<std::string>{"no key for b"});
    CHECK(host.asked.size() == 4);
}

TEST_CASE("programs that do not answer")
{
    Host nothing_installed;
    const auto alone = nothing_installed.check("");
    CHECK(alone.is_good);
    CHECK(alone.lines
          == std::vector<std::string>{
              "warning: postern-policyd: not installed here; what it reads was not looked at",
              "warning: postern-milterd: not installed here; what it reads was not looked at"});

    auto host = good_host();
    host.answers.at(ask_policyd) = ProgramAnswer{139, ""};
    host.answers.at(ask_milterd) = fail("/sbin/postern-milterd: no answer in time");
    const auto report = host.check("");
    CHECK_FALSE(report.is_good);
    CHECK(report.lines
          == std::vector<std::string>{ask_policyd + ": ended with status 139 and said nothing",
                                      "/sbin/postern-milterd: no answer in time"});
}

TEST_CASE("find_daemon")
{
    CHECK(find_daemon("postern-nobody").empty());
}

} // namespace postern
