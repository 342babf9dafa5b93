// digits - numbers as text: what is one, before it is read as one
//
// ASCII only, as text.h.
#pragma once

#include "common/text.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace postern {

constexpr std::size_t int_digits = 9; // so many fit an int, whatever they are

// Digits and nothing else, at least one and at most so many.
constexpr bool is_number(std::string_view text, std::size_t most_digits)
{
    return !text.empty() && text.size() <= most_digits && std::all_of(text.begin(), text.end(), is_digit);
}

// Its value, in either case; -1: it is none.
constexpr int hex_digit(char c)
{
    const char lower = to_lower(c);
    return is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace postern
