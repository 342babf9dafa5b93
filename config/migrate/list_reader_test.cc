#include "config/migrate/list_reader.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("a fault's line is found behind the path")
{
    struct Case {
        const char* text;
        int want_line;
        const char* want_what;
    };
    const Case cases[] = {
        {"/etc/x:12: is bad", 12, "is bad"},
        {"/etc/x: cannot be read", 0, "cannot be read"},
        {"/etc/other:12: is bad", 0, "/etc/other:12: is bad"},
        {"/etc/x:99999999999: is bad", 0, "/etc/x:99999999999: is bad"},
        {"", 0, ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto placed = placed_fault(c.text, "/etc/x");
        CHECK(placed.line == c.want_line);
        CHECK(placed.what == c.want_what);
    }
}

} // namespace postern
