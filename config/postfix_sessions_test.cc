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
