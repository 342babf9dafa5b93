#include "common/digits.h"

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
