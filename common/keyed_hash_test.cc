#include "common/keyed_hash.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {

// The key is zero and the message 00 01 .. of that length, as Python 3.11 computes it:
// PYTHONHASHSEED=0 python3 -c 'print(hex(hash(bytes(range(8))) & 2**64-1))'
TEST_CASE("KeyedHash is SipHash-1-3")
{
    struct {
        std::size_t size;
        std::uint64_t want;
    } const cases[] = {
        {1, 0x68a914128e01e473}, {7, 0x2f098ab0c751325a}, {8, 0xead411e67ebe2eea},
        {15, 0xf30eb725bb91c9ea}, {60, 0xd95a713568daebf1},
    };
    const KeyedHash hash(0, 0);
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
