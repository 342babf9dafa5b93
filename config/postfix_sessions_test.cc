#include "config/postfix_sessions.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace postern {

TEST_CASE("parse_process_stat")
{
    const std::string rest = " S 99 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 12345 20 21";
    struct Case {
        const char* name;
        std::string text;
        std::optional<ProcessStat> want;
    };
    const Case cases[] = {
        {"a process", "123 (smtpd)" + rest, ProcessStat{"smtpd", 99, 12345}},
        {"a name with all that may be", "123 (a) b (c))" + rest, ProcessStat{"a) b (c)", 99, 12345}},
        {"too short", "123 (smtpd) S 99 2", std::nullopt},
        {"no number", "123 (smtpd) S x 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 12345", std::nullopt},
        {"no name", "123 smtpd" + rest, std::nullopt},
        {"empty", "", std::nullopt},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(parse_process_stat(c.text) == c.want);
    }
}

TEST_CASE("postfix_processes: the children of the master that the queue names")
{
    const ScratchFolder folder;
    const auto write = [&](const std::string& name, const std::string& text) {
        std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
        std::ofstream(folder / name) << text;
    };
    const std::string rest = " 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 12345 20 21\n";
    write("queue/pid/master.pid", "         99\n");
    write("proc/123/stat", "123 (smtpd) S 99" + rest);
    write("proc/124/stat", "124 (smtpd) S 98" + rest);
    write("proc/self/stat", "125 (smtpd) S 99" + rest);
    write("proc/126/comm", "smtpd\n");
    const auto processes = postfix_processes(folder / "queue", folder / "proc");
    REQUIRE(processes);
    REQUIRE(processes->size() == 1);
    CHECK(processes->at(0).folder == folder / "proc/123");
    CHECK(processes->at(0).stat == ProcessStat{"smtpd", 99, 12345});
    CHECK_FALSE(postfix_processes(folder / "queue", folder / "nowhere"));
}

TEST_CASE("a process has begun before now; a Postfix that does not run is an error")
{
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const auto self = parse_process_stat(line);
    const auto now = process_clock(std::chrono::milliseconds(0));
    REQUIRE(self);
    REQUIRE(now);
    CHECK(self->parent == ::getppid());
    CHECK(self->start <= *now);

    const ScratchFolder queue;
    CHECK_FALSE(sessions_from_before(queue.path(), *now));
    std::filesystem::create_directory(queue / "pid");
    std::ofstream(queue / "pid/master.pid") << "       " << ::getpid() << "\n"; // whose children are no sessions
    CHECK(sessions_from_before(queue.path(), *now) == 0u);
}

} // namespace postern
