#include "container/drain.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <vector>

namespace postern {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

struct Process {
    const char* number;
    const char* name;
    std::string line;
    int parent = 7; // master(8)
};

void write(const fs::path& path, std::string_view text)
{
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

} // namespace

TEST_CASE("drain: what began before the reload counts")
{
    struct Case {
        const char* name;
        std::vector<Process> processes;
        std::vector<const char*> mails;
        const char* want;
    };
    const auto session = "smtpd\0-n\0smtp\0-t\0inet\0-u\0"s;
    const auto newer = "smtpd\0-n\0smtp\0-t\0inet\0-o\0max_idle=1s\0"s;
    const Case cases[] = {
        {"an idle host", {{"1", "s6-svscan", "s6-svscan\0"s}, {"20", "qmgr", "qmgr\0-l\0"s}, {"self", "smtpd", session}}, {}, "nothing"},
        {"a session", {{"30", "smtpd", session}, {"31", "smtpd", newer}}, {}, "1 session"},
        {"one that postscreen passed on", {{"30", "smtpd", "smtpd\0-t\0pass\0-o\0max_use=1\0"s}}, {}, "1 session"},
        {"deliveries", {{"40", "smtp", "smtp\0-t\0unix\0"s}, {"41", "local", "local\0"s}, {"42", "smtp", "smtp\0-o\0max_idle=1s\0"s}}, {},
         "2 deliveries"},
        {"another Postfix beside it", {{"30", "smtpd", session, 8}, {"31", "smtpd", session}, {"40", "smtp", "smtp\0"s, 8}}, {}, "1 session"},
        {"names with blanks", {{"30", "smtpd 1 2", session}, {"31", "x) S 7", "x\0"s}}, {}, "nothing"},
        {"fresh mail", {}, {"active/ABC"}, "mail in the queue"},
        {"mail that waits", {}, {"deferred/A/ABC", "hold/DEF"}, "nothing"},
        {"all", {{"30", "smtpd", session}, {"32", "smtpd", session}, {"40", "lmtp", ""}}, {"incoming/ABC", "maildrop/DEF"},
         "2 sessions, 1 delivery and mail in the queue"},
    };
    for (const auto& c : cases) {
        CAPTURE(std::string(c.name));
        const ScratchFolder folder;
        for (const auto& process : c.processes) {
            write(fs::path(folder / "proc") / process.number / "stat",
                  fmt::format("{} ({}) S {} 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 12345 20 21\n", process.number,
                              process.name, process.parent));
            write(fs::path(folder / "proc") / process.number / "cmdline", process.line);
        }
        write(fs::path(folder / "queue/pid/master.pid"), "                7\n");
        for (const auto* const mail : c.mails)
            write(fs::path(folder / "queue") / mail, "");
        const auto found = what_is_under_way(folder / "proc", folder / "queue");
        CHECK(found.text() == c.want);
        CHECK(found.is_nothing() == (found.text() == "nothing"));
    }
    CHECK(what_is_under_way("/nowhere", "/nowhere").is_nothing());
    CHECK(what_is_under_way("/proc", "/nowhere").is_nothing()); // without a Postfix nothing is its own
}

} // namespace postern
