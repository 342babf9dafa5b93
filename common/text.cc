#include "common/text.h"

#include <algorithm>
#include <cstring>

namespace postern {

std::string to_lower(std::string_view text)
{
    std::string lower(text);
    auto* at = lower.data();
    auto* const end = at + lower.size();
    // Eight octets at a time: the high bit of one is set if it is from 'A' to 'Z', and 0x20 makes those lower case.
    constexpr std::uint64_t each = 0x0101010101010101;
    for (; end - at >= 8; at += 8) {
        std::uint64_t octets = 0;
        std::memcpy(&octets, at, 8);
        const auto seven = octets & 0x7f * each;
        const auto is_upper = ~octets & (seven + (0x80 - 'A') * each) & ~(seven + (0x7f - 'Z') * each) & 0x80 * each;
        octets |= is_upper >> 2;
        std::memcpy(at, &octets, 8);
    }
    for (; at != end; ++at)
        *at = to_lower(*at);
    return lower;
}

bool equals_ignoring_case(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string concat(std::initializer_list<std::string_view> parts)
{
    std::size_t size = 0;
    for (const auto part : parts)
        size += part.size();
    std::string whole;
    whole.reserve(size);
    for (const auto part : parts)
        whole.append(part);
    return whole;
}

std::string_view trim(std::string_view text)
{
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> split_words(std::string_view text)
{
    std::vector<std::string_view> words;
    for (text = trim(text); !text.empty(); text = trim(text)) {
        const auto end = std::find_if(text.begin(), text.end(), is_space);
        words.push_back(text.substr(0, static_cast<std::size_t>(end - text.begin())));
        text.remove_prefix(words.back().size());
    }
    return words;
}

std::size_t printable_prefix(std::string_view text)
{
    // Eight octets at a time: the high bit of one is set if it is above 0x7f, is 0x7f, or is below
    // 0x20. A carry from one to the next can only come from one that is not printable itself.
    constexpr std::uint64_t each = 0x0101010101010101;
    std::size_t size = 0;
    for (; size + 8 <= text.size(); size += 8) {
        std::uint64_t octets = 0;
        std::memcpy(&octets, text.data() + size, 8);
        if ((octets | (octets + 0x01 * each) | (octets - 0x20 * each)) & 0x80 * each)
            break;
    }
    while (size < text.size() && text[size] >= 0x20 && text[size] <= 0x7e)
        ++size;
    return size;
}

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out;
    append_printable(out, text, limit);
    return out;
}

void append_printable(std::string& out, std::string_view text, std::size_t limit)
{
    text = text.substr(0, limit);
    for (;;) {
        const auto plain = printable_prefix(text);
        out.append(text.substr(0, plain));
        if (plain == text.size())
            return;
        out += '?';
        text.remove_prefix(plain + 1);
    }
}

} // namespace postern
