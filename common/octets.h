// octets - eight octets of a text looked at in one step
//
// For scans that every request and every line of the log pays for. The lowest
// octet of a word is the first of its text. A question is put to all eight by
// arithmetic, and the high bit of each is the answer, exact up to the first
// that is set: only an octet that is marked carries into the next.
//
//     prefix_before(text, [](std::uint64_t word) { return is_not_printable(word) | is_octet(word, '"'); })
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace postern {

constexpr std::uint64_t each_octet(unsigned char octet)
{
    return octet * std::uint64_t{0x0101010101010101};
}

// The octets of `word` the other way round where the highest comes first in memory.
template <std::unsigned_integral Word>
constexpr Word in_memory_order(Word word)
{
    if constexpr (std::endian::native == std::endian::little)
        return word;
    else if constexpr (sizeof word == 8)
        return __builtin_bswap64(word);
    else
        return __builtin_bswap32(word);
}

template <std::unsigned_integral Word = std::uint64_t>
Word load_octets(const char* at)
{
    Word word;
    std::memcpy(&word, at, sizeof word);
    return in_memory_order(word);
}

inline void store_octets(char* at, std::uint64_t word)
{
    word = in_memory_order(word);
    std::memcpy(at, &word, sizeof word);
}

// Fewer than eight; zeros stand for the others.
inline std::uint64_t load_octets(const char* at, std::size_t size)
{
    const auto octet = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])} << 8 * i; };
    if (size >= 4) // two fours, which may overlap
        return load_octets<std::uint32_t>(at)
            | std::uint64_t{load_octets<std::uint32_t>(at + size - 4)} << 8 * (size - 4);
    return size == 0 ? 0 : octet(0) | octet(size / 2) | octet(size - 1);
}

// From `at` to the end of `text`, fewer than eight, as above. Where there are eight in all they come with those before
// them, which is faster.
inline std::uint64_t load_rest(std::string_view text, std::size_t at)
{
    const auto size = text.size() - at;
    if (size == 0 || text.size() < 8)
        return load_octets(text.data() + at, size);
    return load_octets(text.data() + text.size() - 8) >> 8 * (8 - size);
}

// Not from `first` to 0x7e.
constexpr std::uint64_t is_not_printable(std::uint64_t word, char first = ' ')
{
    return word | (word + each_octet(1)) | (word - each_octet(static_cast<unsigned char>(first)));
}

// `c`, or an octet that is not ASCII.
constexpr std::uint64_t is_octet(std::uint64_t word, char c)
{
    return word | ((word ^ each_octet(static_cast<unsigned char>(c))) - each_octet(1));
}

// How many octets stand before the first that `marks` marks; it has to mark zero, which stands behind each text here.
template <class Marks>
std::size_t prefix_before(std::string_view text, Marks marks)
{
    const auto marked = [&](std::uint64_t word) { return marks(word) & each_octet(0x80); };
    const auto octets_below = [](std::uint64_t mark) { return static_cast<std::size_t>(std::countr_zero(mark)) / 8; };
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8)
        if (const auto mark = marked(load_octets(text.data() + at)))
            return at + octets_below(mark);
    return at + octets_below(marked(load_rest(text, at)));
}

} // namespace postern
