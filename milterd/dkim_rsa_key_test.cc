#include "milterd/dkim_rsa_key.h"

#include "milterd/dkim_base64.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {
namespace {

// DER of one element; short and long lengths
std::string der(char tag, const std::string& content)
{
    const auto size = content.size();
    std::string length;
    if (size < 0x80)
        length = {static_cast<char>(size)};
    else if (size < 0x100)
        length = {'\x81', static_cast<char>(size)};
    else
        length = {'\x82', static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
    return tag + length + content;
}

const std::string three("\x03", 1);
const std::string algorithm = der(0x30, std::string("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13));

std::string numbers(const std::string& modulus, const std::string& exponent)
{
    return der(0x30, der(0x02, modulus) + der(0x02, exponent));
}

std::string subject_public_key_info(const std::string& rsa_public_key)
{
    return der(0x30, algorithm + der(0x03, '\0' + rsa_public_key));
}

} // namespace

TEST_CASE("parse_rsa_public_key takes both forms")
{
    const std::string modulus(128, '\x7f');
    for (const auto& text : {numbers(modulus, three), subject_public_key_info(numbers(modulus, three))}) {
        const auto key = parse_rsa_public_key(text);
        REQUIRE(key.has_value());
        CHECK(key->modulus == modulus);
        CHECK(key->exponent == three);
        CHECK(key->bits() == 1023);
    }
}

TEST_CASE("parse_rsa_public_key reads the key of RFC 6376 C")
{
    const auto octets = decode_base64(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5i"
        "jSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB");
    REQUIRE(octets.has_value());
    const auto key = parse_rsa_public_key(*octets);
    REQUIRE(key.has_value());
    CHECK(key->bits() == 1024);
    CHECK(key->exponent == std::string_view("\x01\x00\x01", 3));
}

TEST_CASE("RsaPublicKey::bits counts bits, where libopendkim counts octets")
{
    struct Case {
        const char* name;
        std::string modulus;
        int want_bits;
    };
    const Case cases[] = {
        {"1017 bits are not 1024", "\x01" + std::string(127, '\xff'), 1017},
        {"1023", "\x7f" + std::string(127, '\xff'), 1023},
        {"1024, with the zero that keeps it positive", std::string(1, '\0') + std::string(128, '\xff'), 1024},
        {"3", "\x07", 3},
        {"1", "\x01", 1},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto text = numbers(c.modulus, three);
        const auto key = parse_rsa_public_key(text);
        REQUIRE(key.has_value());
        CHECK(key->bits() == c.want_bits);
    }
    CHECK(RsaPublicKey{}.bits() == 0);
}

TEST_CASE("parse_rsa_public_key refuses what is no key")
{
    const std::string good = subject_public_key_info(numbers("\x0f", three));
    const auto ec = der(0x30, std::string("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", 9));
    struct Case {
        const char* name;
        std::string input;
    };
    const Case cases[] = {
        {"empty", ""},
        {"one octet", "\x30"},
        {"text", "hello"},
        {"Ed25519, raw", std::string(32, '\x11')},
        {"another algorithm", der(0x30, ec + der(0x03, std::string(1, '\0') + numbers("\x0f", three)))},
        {"bits left over", der(0x30, algorithm + der(0x03, "\x01" + numbers("\x0f", three)))},
        {"modulus zero", numbers(std::string(2, '\0'), three)},
        {"modulus empty", numbers("", three)},
        {"modulus negative", numbers("\xff", three)},
        {"modulus even", numbers("\x0e", three)},
        {"exponent even", numbers("\x0f", "\x02")},
        {"exponent zero", numbers("\x0f", std::string(1, '\0'))},
        {"no exponent", der(0x30, der(0x02, "\x0f"))},
        {"a third number", der(0x30, der(0x02, "\x0f") + der(0x02, three) + der(0x02, three))},
        {"something behind the key", good + "x"},
        {"something behind the bit string", der(0x30, algorithm + der(0x03, '\0' + numbers("\x0f", three)) + "x")},
        {"something behind the numbers", der(0x30, algorithm + der(0x03, '\0' + numbers("\x0f", three) + "x"))},
        {"indefinite length", std::string("\x30\x80\x02\x01\x0f\x02\x01\x03\x00\x00", 10)},
        {"length of three octets", std::string("\x30\x83\x00\x00\x06\x02\x01\x0f\x02\x01\x03", 11)},
        {"length beyond the end", std::string("\x30\x82\xff\xff\x02\x01\x0f", 7)},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(!parse_rsa_public_key(c.input).has_value());
    }
    CHECK(parse_rsa_public_key(good).has_value());
    for (std::size_t size = 0; size < good.size(); ++size) {
        CAPTURE(size);
        CHECK(!parse_rsa_public_key(std::string_view(good).substr(0, size)).has_value());
    }
}

} // namespace postern
