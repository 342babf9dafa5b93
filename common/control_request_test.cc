#include "common/control_request.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_control_request")
{
    struct Case {
        const char* name;
        std::string line;
        std::string want; // "command|arguments", or why not
    };
    const Case cases[] = {
        {"a command", "status", "status|"},
        {"with arguments", "explain a=b  c=d ", "explain|a=b  c=d "},
        {"a blank at its end", "status ", "status|"},
        {"UTF-8", "explain b\xc3\xbc", "explain|b\xc3\xbc"},
        {"empty", "", "the request names no command"},
        {"a blank first", " status", "the request names no command"},
        {"a tab", "status\t", "the request holds control characters"},
        {"a CR", "status\r", "the request holds control characters"},
        {"DEL", "a\x7f", "the request holds control characters"},
        {"a NUL", std::string("a\0", 2), "the request holds control characters"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_control_request(c.line);
        CHECK((got ? got->command + "|" + got->arguments : got.error().what) == c.want);
    }
}

} // namespace postern
