#include "policyd/key_filter.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t bits_a_key = 12;
constexpr std::size_t bits_a_block = 512;
constexpr int marks = 7; // bits that a key sets, which is best for 12 bits a key in small blocks

// Calls `f` with word and bit of each mark, until it gives false.
template <class F>
bool each_mark(std::uint64_t hash, F f)
{
    auto rest = hash * 0x9e3779b97f4a7c15; // other bits than those that chose the block
    for (int i = 0; i < marks; ++i, rest >>= 9)
        if (!f((rest & 511) / 64, std::uint64_t{1} << rest % 64))
            return false;
    return true;
}

} // namespace

KeyFilter::KeyFilter(std::size_t keys)
    : capacity_(keys)
    , blocks_(std::max<std::size_t>(keys * bits_a_key / bits_a_block, 1) + 1)
{
}

std::size_t KeyFilter::block_of(std::uint64_t hash) const
{
    return static_cast<std::size_t>((hash >> 32) * blocks_.size() >> 32);
}

void KeyFilter::add(std::string_view key)
{
    const std::uint64_t hash = hash_(key);
    auto& words = blocks_[block_of(hash)].words;
    each_mark(hash, [&](std::size_t word, std::uint64_t bit) {
        words[word] |= bit;
        return true;
    });
    ++size_;
}

bool KeyFilter::may_hold(std::string_view key) const
{
    const std::uint64_t hash = hash_(key);
    const auto& words = blocks_[block_of(hash)].words;
    return each_mark(hash, [&](std::size_t word, std::uint64_t bit) { return (words[word] & bit) != 0; });
}

} // namespace postern
