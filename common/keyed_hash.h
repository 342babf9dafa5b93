// keyed_hash - a hash of text that a stranger cannot aim
//
// Keys of our tables are names and addresses that the peer chose. With
// std::hash, which has no secret, it could choose thousands that meet in one
// bucket. SipHash-1-3 (Aumasson, Bernstein 2012; the rounds that are enough for a
// table) with a random key a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern {

class KeyedHash {
public:
    KeyedHash(); // with a key of its own
    KeyedHash(std::uint64_t key0, std::uint64_t key1);

    std::size_t operator()(std::string_view text) const;

private:
    std::uint64_t key0_;
    std::uint64_t key1_;
};

} // namespace postern
