#include "config/migrate/finding.h"

#include <doctest/doctest.h>
#include <vector>

namespace postern {

TEST_CASE("a report has each program and file in one piece, the lines in order, and counts at its end")
{
    const std::vector<Finding> findings{
        {{"postgrey", "/etc/b", 9}, "--delay=1", Outcome::kept, "greylist.delay = \"1s\"", ""},
        {{"opendkim", "/etc/c", 1}, "Mode x", Outcome::fault, "", "what \x01 is it"},
        {{"postgrey", "/etc/b", 2}, "--privacy", Outcome::refused, "", "keys are stored as they are"},
        {{"postgrey", "/etc/a"}, "", Outcome::changed, "", "read where it is"},
    };
    CHECK(report(findings)
          == "postgrey\n"
             "  refused /etc/b:2: --privacy\n"
             "          keys are stored as they are\n"
             "  kept    /etc/b:9: --delay=1\n"
             "          -> greylist.delay = \"1s\"\n"
             "  changed /etc/a\n"
             "          read where it is\n"
             "\n"
             "opendkim\n"
             "  fault   /etc/c:1: Mode x\n"
             "          what ? is it\n"
             "\n"
             "1 kept, 1 changed, 1 refused, 1 at fault\n");
    CHECK(has(findings, Outcome::fault));
    CHECK_FALSE(has(std::span(findings).first(1), Outcome::fault));
    CHECK(report({}) == "0 kept, 0 changed, 0 refused, 0 at fault\n");
}

} // namespace postern
