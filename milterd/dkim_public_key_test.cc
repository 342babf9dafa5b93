#include "milterd/dkim_public_key.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

std::string message_of(DkimKeyType type, std::string_view octets)
{
    const auto key = DkimPublicKey::create(type, octets);
    return key ? "" : key.error().what;
}

} // namespace

TEST_CASE("DkimPublicKey::create refuses what is no key")
{
    CHECK(message_of(DkimKeyType::ed25519, "") == "an Ed25519 key of 0 octets");
    CHECK(message_of(DkimKeyType::ed25519, std::string(31, 'x')) == "an Ed25519 key of 31 octets");
    CHECK(message_of(DkimKeyType::ed25519, std::string(44, 'x')) == "an Ed25519 key of 44 octets"); // as with DER
    CHECK(message_of(DkimKeyType::rsa, "") == "not an RSA key");
    CHECK(message_of(DkimKeyType::rsa, std::string(32, 'x')) == "not an RSA key");
}

// Verifiers have crashed on such keys.
TEST_CASE("an Ed25519 key that is no point of the curve verifies nothing")
{
    const std::string digest(32, 'd');
    for (const char fill : {'\0', '\x01', '\x7f', '\xff'}) {
        const auto key = DkimPublicKey::create(DkimKeyType::ed25519, std::string(32, fill));
        if (!key)
            continue;
        for (const std::size_t size : {0, 1, 32, 63, 64, 65, 1000})
            CHECK(!key->verify(digest, std::string(size, 's')));
    }
}

TEST_CASE("an RSA key of any odd numbers verifies nothing, and quickly")
{
    const std::string digest(32, 'd');
    // SEQUENCE { INTEGER modulus of 128 octets, INTEGER exponent }
    const auto key_of = [](const std::string& exponent) {
        const auto octet = [](std::size_t size) { return static_cast<char>(size); };
        const std::string modulus = std::string(1, '\0') + std::string(128, '\xff');
        const std::string numbers =
            std::string("\x02\x81\x81", 3) + modulus + "\x02" + octet(exponent.size()) + exponent;
        return std::string("\x30\x81", 2) + octet(numbers.size()) + numbers;
    };
    for (const auto& exponent : {std::string("\x01"), std::string("\x03"), std::string(100, '\x7f')}) {
        const auto key = DkimPublicKey::create(DkimKeyType::rsa, key_of(exponent));
        if (!key)
            continue;
        CHECK(key->bits() == 1024);
        for (const std::size_t size : {0, 1, 127, 128, 129})
            CHECK(!key->verify(digest, std::string(size, '\x01')));
    }
}

} // namespace postern
