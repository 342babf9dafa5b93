// key_filter - which keys are surely not in a table
//
// A Bloom filter (Bloom 1970), blocked so that a look-up costs one cache line
// (Putze, Sanders, Singler 2007): 12 bits a key, and of the keys that are not
// there about one in a hundred looks as if it might be. A greylist asks its file for
// each triplet that it has never seen; with this it need not. A key cannot be
// taken out: it only costs a look-up that finds nothing.
// Pure; not for threads.
#pragma once

#include "common/keyed_hash.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace postern {

class KeyFilter {
public:
    // For about so many keys; with more it is wrong more often.
    explicit KeyFilter(std::size_t keys);

    void add(std::string_view key);

    // False: it was never added.
    bool may_hold(std::string_view key) const;

    std::size_t size() const { return size_; }         // keys added
    std::size_t capacity() const { return capacity_; } // keys that it was made for
    std::size_t octets() const { return blocks_.size() * sizeof(Block); }

private:
    struct alignas(64) Block { // a cache line
        std::array<std::uint64_t, 8> words{};
    };

    std::size_t block_of(std::uint64_t hash) const;

    std::size_t capacity_;
    std::size_t size_ = 0;
    std::vector<Block> blocks_;
    KeyedHash hash_;
};

} // namespace postern
