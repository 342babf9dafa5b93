#include "common/text.h"

#include "common/octets.h"

#include <algorithm>

namespace postern {

std::string to_lower(std::string_view text)
{
    std::string lower(text);
    auto* at = lower.data();
    auto* const end = at + lower.size();
    // The high bit of an octet is set if it is from 'A' to 'Z', and 0x20 makes those lower case.
    const auto lower_eight = [](char* octets) {
        const auto word = load_octets(octets);
        const auto seven = word & each_octet(0x7f);
        const auto is_upper = ~word & (seven + each_octet(0x80 - 'A')) & ~(seven + each_octet(0x7f - 'Z')) & each_octet(0x80);
        store_octets(octets, word | is_upper >> 2);
    };
    for (; end - at >= 8; at += 8)
        lower_eight(at);
    if (lower.size() >= 8)
        lower_eight(end - 8); // some for the second time, which is no matter
    else
        std::transform(at, end, at, [](char c) { return to_lower(c); });
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
    return prefix_before(text, [](std::uint64_t word) { return is_not_printable(word); });
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
