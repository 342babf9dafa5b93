#include "milterd/smtp_reply.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("smtp_reply")
{
    struct Case {
        const char* name;
        FilterAction action;
        int code;
        std::string status;
        std::string text;
        std::string want; // code, status and text
    };
    const std::string nul_inside("a\0b", 3);
    const Case cases[] = {
        {"reject as the filter wrote it", FilterAction::reject, 554, "7.0", "No", "554 5.7.0 No"},
        {"defer as the filter wrote it", FilterAction::defer, 450, "3.2", "Later", "450 4.3.2 Later"},
        {"reject without a word", FilterAction::reject, 0, "", "", "550 5.7.1 Message refused"},
        {"defer without a word", FilterAction::defer, 0, "", "",
         "451 4.7.1 Message cannot be taken now, try again later"},
        {"the action outweighs a code of the other class", FilterAction::reject, 451, "7.1", "No", "550 5.7.1 No"},
        {"and the other way round", FilterAction::defer, 550, "7.1", "No", "451 4.7.1 No"},
        {"a code that is none", FilterAction::reject, 5500, "7.1", "No", "550 5.7.1 No"},
        {"a status with a class digit", FilterAction::reject, 0, "5.7.1", "No", "550 5.7.1 No"},
        {"a status that is none", FilterAction::defer, 0, "x.1", "No", "451 4.7.1 No"},
        {"a status of four digits", FilterAction::defer, 0, "7.1000", "No", "451 4.7.1 No"},
        {"a status with a line feed", FilterAction::defer, 0, "7.1\n", "No", "451 4.7.1 No"},
        {"line ends in the text", FilterAction::reject, 0, "7.1", "a\r\n250 b", "550 5.7.1 a??250 b"},
        {"NUL in the text", FilterAction::reject, 0, "7.1", nul_inside, "550 5.7.1 a?b"},
        {"eight bits in the text", FilterAction::reject, 0, "7.1", "\xc3\xa9", "550 5.7.1 ??"},
        {"a text of blanks", FilterAction::reject, 0, "7.1", " \r\n\t", "550 5.7.1 Message refused"},
        {"a per cent sign", FilterAction::reject, 0, "7.1", "100%s", "550 5.7.1 100%s"},
        {"a long text", FilterAction::reject, 0, "7.1", std::string(5000, 'x'), "550 5.7.1 " + std::string(480, 'x')},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Decision decision;
        decision.action = c.action;
        decision.code = c.code;
        decision.status = c.status;
        decision.text = c.text;
        const auto reply = smtp_reply(decision);
        CHECK(reply.code + " " + reply.status + " " + reply.text == c.want);
    }
}

} // namespace postern
