#include "common/keyed_hash.h"

#include "common/octets.h"

#include <bit>
#include <random>

namespace postern {
namespace {

std::uint64_t random_64()
{
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
}

struct State {
    std::uint64_t v0, v1, v2, v3;

    void round()
    {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }

    void add(std::uint64_t word)
    {
        v3 ^= word;
        round();
        v0 ^= word;
    }
};

} // namespace

KeyedHash::KeyedHash()
    : KeyedHash(random_64(), random_64())
{
}

KeyedHash::KeyedHash(std::uint64_t key0, std::uint64_t key1)
    : key0_(key0)
    , key1_(key1)
{
}

std::size_t KeyedHash::operator()(std::string_view text) const
{
    // "somepseudorandomlygeneratedbytes"
    State state{key0_ ^ 0x736f6d6570736575, key1_ ^ 0x646f72616e646f6d, key0_ ^ 0x6c7967656e657261,
                key1_ ^ 0x7465646279746573};
    const std::size_t whole = text.size() / 8 * 8;
    for (std::size_t i = 0; i < whole; i += 8)
        state.add(load_octets(text.data() + i));
    state.add(std::uint64_t{text.size() & 0xff} << 56 | load_rest(text, whole));

    state.v2 ^= 0xff;
    for (int i = 0; i < 3; ++i)
        state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

} // namespace postern
