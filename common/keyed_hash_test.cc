#include "common/keyed_hash.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {

// The reference implementation's vectors_sip64: key 00 01 .. 0f, message 00 01 .. of that length
TEST_CASE("KeyedHash is SipHash-2-4")
{
    struct {
        std::size_t size;
        std::uint64_t want;
    } const cases[] = {
        {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
        {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, // appendix A of the paper
    };
    const KeyedHash hash(0x0706050403020100, 0x0f0e0d0c0b0a0908);
    for (const auto& c : cases) {
        CAPTURE(c.size);
        std::string message;
        for (std::size_t i = 0; i < c.size; ++i)
            message += static_cast<char>(i);
        CHECK(hash(message) == c.want);
    }
}

TEST_CASE("KeyedHash: each has a key of its own")
{
    CHECK(KeyedHash()("example.org") != KeyedHash()("example.org"));
    const KeyedHash one;
    CHECK(one("example.org") == KeyedHash(one)("example.org"));
}

} // namespace postern
