#include "milterd/clamd_reply.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_clamd_reply")
{
    using Kind = ClamdReply::Kind;
    struct Case {
        const char* name;
        std::string_view input;
        Kind want;
        const char* want_text;
    };
    const Case cases[] = {
        {"clean stream", "stream: OK", Kind::clean, ""},
        {"clean descriptor", "fd[12]: OK", Kind::clean, ""},
        {"virus", "fd[3]: Eicar-Test-Signature FOUND", Kind::infected, "Eicar-Test-Signature"},
        {"virus in a stream", "stream: Test.Eicar.UNOFFICIAL FOUND", Kind::infected, "Test.Eicar.UNOFFICIAL"},
        {"extended", "stream: Test.Eicar(44d88612fea8a8f36de82e1278abb02f:68) FOUND", Kind::infected, "Test.Eicar"},
        {"odd name", "stream: (x) FOUND", Kind::infected, "(x)"},
        {"a name like a verdict", "stream: stream: OK FOUND", Kind::infected, "stream: OK"},
        {"a name that does not print", "stream: a\r\nb\x80 FOUND", Kind::infected, "a?\?b?"},
        {"other limits are finds", "fd[1]: Heuristics.Limits.Exceeded.MaxFiles FOUND", Kind::infected,
         "Heuristics.Limits.Exceeded.MaxFiles"},
        {"file limit", "fd[12]: Heuristics.Limits.Exceeded.MaxFileSize FOUND", Kind::too_large,
         "Heuristics.Limits.Exceeded.MaxFileSize"},
        {"stream limit", "INSTREAM size limit exceeded. ERROR", Kind::too_large, "INSTREAM size limit exceeded. ERROR"},
        {"no descriptor", "No file descriptor received. ERROR", Kind::no_descriptor,
         "No file descriptor received. ERROR"},
        {"old clamd", "UNKNOWN COMMAND", Kind::no_descriptor, "UNKNOWN COMMAND"},
        {"error", "fd[4]: Access denied. ERROR", Kind::error, "fd[4]: Access denied."},
        {"error of a stream", "stream: Can't allocate memory ERROR", Kind::error, "stream: Can't allocate memory"},
        {"impatient", "COMMAND READ TIMED OUT", Kind::error, "COMMAND READ TIMED OUT"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_clamd_reply(c.input);
        REQUIRE(got.has_value());
        CHECK(got->kind == c.want);
        CHECK(got->text == c.want_text);
    }
}

TEST_CASE("parse_clamd_reply: what is not understood is not clean")
{
    for (const std::string_view input :
         {"", "OK", ": OK", "stream:OK", "stream: ok", "stream: OK ", "stream: OK\n", "stream: O", "stream:  OK",
          "fd[]: OK", "fd[1: OK", "fd[a]: OK", "/tmp/x: OK", "stream: FOUND", "stream:  FOUND", "PONG", " ERROR",
          "1: stream: OK"}) {
        CAPTURE(input);
        CHECK_FALSE(parse_clamd_reply(input).has_value());
    }
    CHECK(parse_clamd_reply("PONG\n").error().what == "clamd said \"PONG?\"");
}

} // namespace postern
