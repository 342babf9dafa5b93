#include "common/digits.h"

#include <cstdint>
#include <doctest/doctest.h>
#include <string>

namespace postern {

TEST_CASE("is_number")
{
    struct Case {
        const char* text;
        std::size_t most_digits;
        bool want;
    };
    for (const auto& c : {Case{"0", 1, true}, Case{"007", 3, true}, Case{"1234", 3, false}, Case{"", 3, false},
                          Case{"-1", 3, false}, Case{"1 ", 3, false}, Case{"1a", 3, false}, Case{"\xd9\xa1", 3, false}}) {
        CAPTURE(c.text);
        CHECK(is_number(c.text, c.most_digits) == c.want);
    }
}

TEST_CASE("parse_number")
{
    CHECK(parse_number<int>("0") == 0);
    CHECK(parse_number<int>("-007") == -7);
    CHECK(parse_number<std::uint16_t>("65535") == 65535);
    CHECK(parse_number<std::int64_t>("9223372036854775807") == std::int64_t{9223372036854775807});
    for (const auto* text : {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "a", "2147483648"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_number<int>(text));
    }
    CHECK_FALSE(parse_number<std::uint16_t>("65536"));
    CHECK_FALSE(parse_number<std::uint16_t>("-1"));
    CHECK_FALSE(parse_number<int>(std::string_view("1\0", 2)));
    CHECK_FALSE(parse_number<int>({}));

    CHECK(parse_number("-2", -2, 3) == -2);
    CHECK(parse_number("3", -2, 3) == 3);
    for (const auto* text : {"-3", "4", "", "a"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_number(text, -2, 3));
    }
}

TEST_CASE("hex_digit: of all octets, the twenty-two that are digits")
{
    const std::string digits = "0123456789abcdef";
    for (int octet = 0; octet < 256; ++octet) {
        const char c = static_cast<char>(octet);
        CAPTURE(octet);
        const auto at = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
        CHECK(hex_digit(c) == (at == std::string::npos ? -1 : static_cast<int>(at)));
    }
}

} // namespace postern
