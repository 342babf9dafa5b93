#include "common/text.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("trim, split and split_words")
{
    CHECK(trim(" \t a b \r\n") == "a b");
    CHECK(trim(" ") == "");
    CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
    CHECK(split("", ',') == std::vector<std::string_view>{""});
    CHECK(split_words("  a\tb \n c") == std::vector<std::string_view>{"a", "b", "c"});
    CHECK(split_words(" ").empty());
}

TEST_CASE("concat")
{
    CHECK(concat({}) == "");
    CHECK(concat({"a", "", std::string_view("b\0c", 3)}) == std::string("ab\0c", 4));
}

TEST_CASE("letters are ASCII")
{
    CHECK(to_lower("ExAmple\xc3\x84") == "example\xc3\x84");
    CHECK(equals_ignoring_case("FROM", "from"));
    CHECK_FALSE(equals_ignoring_case("from", "fro"));
    CHECK_FALSE(is_alpha('\xe4'));
}

TEST_CASE("printable leaves one line of ASCII, and not more than asked")
{
    CHECK(printable("a b~") == "a b~");
    CHECK(printable({"a\0b\nc\x7f\xff", 7}) == "a?b?c??");
    CHECK(printable("abcdef", 3) == "abc");
}

} // namespace postern
