#include "config/run_program.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("run_program")
{
    struct Case {
        const char* name;
        const char* script;
        int want_status;
        std::string want_text;
    };
    const Case cases[] = {
        {"both outputs", "echo a; echo b >&2", 0, "a\nb\n"},
        {"status", "exit 3", 3, ""},
        {"a signal", "kill -9 $$", 128 + 9, ""},
        {"stdin is empty", "cat; echo end", 0, "end\n"},
        {"outputs closed early", "echo a; exec >&- 2>&-; sleep 0.1; exit 1", 1, "a\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto answer = run_program({"/bin/sh", "-c", c.script});
        REQUIRE(answer);
        CHECK(answer->status == c.want_status);
        CHECK(answer->text == c.want_text);
    }
}

TEST_CASE("run_program looks a name up in PATH, and runs no shell")
{
    const auto answer = run_program({"echo", "$HOME", "a  b;c"});
    REQUIRE(answer);
    CHECK(answer->text == "$HOME a  b;c\n");
}

TEST_CASE("run_program says why there is no answer")
{
    CHECK(run_program({"/nowhere/program"}).error().what == "/nowhere/program: No such file or directory");
    CHECK(run_program({"sleep", "60"}, std::chrono::milliseconds(50)).error().what == "sleep: no answer in time");
    CHECK(run_program({"/bin/sh", "-c", "exec >&- 2>&-; sleep 60"}, std::chrono::milliseconds(200)).error().what
          == "/bin/sh: does not end");
    CHECK(run_program({"yes"}).error().what == "yes: answers more than 4194304 octets");
}

} // namespace postern
