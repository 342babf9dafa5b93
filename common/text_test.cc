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

TEST_CASE("printable_prefix: every octet at every place of a word")
{
    for (int octet = 0; octet < 256; ++octet) {
        const bool is_plain = octet >= 0x20 && octet <= 0x7e;
        for (std::size_t place = 0; place < 20; ++place) {
            std::string text(20, place % 2 ? ' ' : '~');
            text[place] = static_cast<char>(octet);
            CAPTURE(octet);
            CAPTURE(place);
            CHECK(printable_prefix(text) == (is_plain ? text.size() : place));
        }
    }
    CHECK(printable_prefix("") == 0);
}

TEST_CASE("Decimal")
{
    CHECK(std::string_view(Decimal(0)) == "0");
    CHECK(std::string_view(Decimal(INT64_MIN)) == "-9223372036854775808");
}

} // namespace postern
