// digits - numbers as text
//
// ASCII only, as text.h. Pure.
#pragma once

#include "common/text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace postern {

constexpr std::size_t int_digits = 9; // so many fit an int, whatever they are

// Digits and nothing else, at least one and at most so many.
constexpr bool is_number(std::string_view text, std::size_t most_digits)
{
    return !text.empty() && text.size() <= most_digits && std::all_of(text.begin(), text.end(), is_digit);
}

// All of the text, in decimal digits; of a signed type "-" may stand before them. None: it is something else, or does not
// fit.
template <class Number>
std::optional<Number> parse_number(std::string_view text)
{
    Number number{};
    const auto* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

// The same, of a number from `least` to `most`.
template <class Number>
std::optional<Number> parse_number(std::string_view text, Number least, Number most)
{
    const auto number = parse_number<Number>(text);
    return number && *number >= least && *number <= most ? number : std::nullopt;
}

// Its value, in either case; -1: it is none.
constexpr int hex_digit(char c)
{
    const char lower = to_lower(c);
    return is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace postern
