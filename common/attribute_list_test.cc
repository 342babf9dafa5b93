#include "common/attribute_list.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("write_attributes")
{
    CHECK(write_attributes({}).empty());
    CHECK(write_attributes({{"client_address", "2001:db8::1"}, {"sender", ""}, {"recipient", "\"a b\"%\n@example.org"}})
          == "client_address=2001:db8::1 sender= recipient=%22a%20b%22%25%0A@example.org");
    CHECK(write_attributes({{"n", std::string("\0\xff", 2)}}) == "n=%00%FF");
}

TEST_CASE("parse_attributes")
{
    struct Case {
        const char* name;
        std::string_view line;
        Attributes want;
        std::string want_error; // empty: none
    };
    const Case cases[] = {
        {"nothing", "", {}, ""},
        {"blanks", "   ", {}, ""},
        {"one", "a=b", {{"a", "b"}}, ""},
        {"more, with an empty one", " a=b  c= d=e=f ", {{"a", "b"}, {"c", ""}, {"d", "e=f"}}, ""},
        {"octets", "a=%20%0a%0A%00%ff%25", {{"a", std::string(" \n\n\0\xff%", 6)}}, ""},
        {"no equals sign", "a=b c", {}, "not name=value: \"c\""},
        {"no name", "=b", {}, "not name=value: \"=b\""},
        {"a bare percent", "a=%", {}, "a % stands for an octet by two hexadecimal digits: \"a=%\""},
        {"one digit", "a=%2", {}, "a % stands for an octet by two hexadecimal digits: \"a=%2\""},
        {"no digits", "a=%zz", {}, "a % stands for an octet by two hexadecimal digits: \"a=%zz\""},
        {"a sign is no digit", "a=%-1", {}, "a % stands for an octet by two hexadecimal digits: \"a=%-1\""},
        {"half digits", "a=%2x", {}, "a % stands for an octet by two hexadecimal digits: \"a=%2x\""},
        {"twice", "a=1 a=2", {}, "stands twice: \"a\""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_attributes(c.line);
        CHECK((got ? "" : got.error().what) == c.want_error);
        if (got)
            CHECK(*got == c.want);
    }
}

} // namespace postern
