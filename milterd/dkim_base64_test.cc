#include "milterd/dkim_base64.h"

#include <doctest/doctest.h>
#include <optional>

namespace postern {

TEST_CASE("decode_base64")
{
    struct Case {
        const char* name;
        std::string_view input;
        std::optional<std::string_view> want_octets; // nullopt: an error
    };
    const Case cases[] = {
        // RFC 4648 10
        {"empty", "", ""},
        {"one octet", "Zg==", "f"},
        {"two octets", "Zm8=", "fo"},
        {"three octets", "Zm9v", "foo"},
        {"six octets", "Zm9vYmFy", "foobar"},
        {"all six bits set", "////", "\xff\xff\xff"},
        {"folded, RFC 6376 2.10", "Zm9v\r\n\tYm Fy", "foobar"},
        {"fold before the padding", "Zg\n =\n =", "f"},
        {"padding missing", "Zm8", "fo"},
        {"padding only", "==", std::nullopt},
        {"a digit alone", "Z", std::nullopt},
        {"a digit left over", "Zm9vY", std::nullopt},
        {"digits after the padding", "Zg==Zg==", std::nullopt},
        {"too much padding", "Zm8==", std::nullopt},
        {"too little padding", "Zg=", std::nullopt},
        {"not of the alphabet", "Zm9-", std::nullopt},
        {"8-bit", "Zm9\xc3", std::nullopt},
        {"NUL", {"Zm\0v", 4}, std::nullopt},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = decode_base64(c.input);
        CHECK(got.has_value() == c.want_octets.has_value());
        if (got && c.want_octets)
            CHECK(*got == *c.want_octets);
    }
}

TEST_CASE("encode_base64 is the inverse of decode_base64")
{
    CHECK(encode_base64("") == "");
    CHECK(encode_base64("f") == "Zg==");
    CHECK(encode_base64("fo") == "Zm8=");
    CHECK(encode_base64("foo") == "Zm9v");
    CHECK(encode_base64("foobar") == "Zm9vYmFy");
    std::string octets;
    for (int i = 0; i < 256; ++i) {
        octets += static_cast<char>(i * 37);
        CHECK(decode_base64(encode_base64(octets)) == octets);
    }
}

} // namespace postern
