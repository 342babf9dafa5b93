#include "common/postfix_table.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_postfix_table")
{
    struct Case {
        const char* name;
        std::string_view text;
        std::string want; // "key=value@line;..." or the fault
    };
    const Case cases[] = {
        {"empty", "", ""},
        {"one", "a b\n", "a=b@1;"},
        {"last newline missing", "a b", "a=b@1;"},
        {"CR LF", "a b\r\nc d\r\n", "a=b@1;c=d@2;"},
        {"tabs and blanks", "a \t b c \n", "a=b c@1;"},
        {"comments and empty lines", "# x\n\n  # y\na b\n", "a=b@4;"},
        {"goes on", "a b\n c\n\td\n", "a=b c d@1;"},
        {"goes on past a comment", "a b\n# no\n\n c\n", "a=b c@1;"},
        {"key in quotes", "\"a b\" c\n", "a b=c@1;"},
        {"twice", "a b\na c\n", "a=b@1;a=c@2;"},
        {"no value", "a b\nsecret\n", "line 2: \"key value\" is wanted"},
        {"empty key", "\"\" b\n", "line 1: \"key value\" is wanted"},
        {"quote not closed", "\"a b\n", "line 1: a quote that nothing closes"},
        {"no blank after a quote", "\"a\"b\n", "line 1: a blank is wanted between key and value"},
        {"goes on with nothing", "\n b\n",
         "line 2: begins with a blank, but there is no line before that it could go on with"},
        {"NUL", {"a b\na \0b\n", 9}, "line 2: holds a NUL"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_postfix_table(c.text);
        std::string text = got ? "" : got.error().what;
        if (got)
            for (const auto& entry : *got)
                text += entry.key + "=" + entry.value + "@" + std::to_string(entry.line) + ";";
        CHECK(text == c.want);
    }
}

} // namespace postern
