// text - small things done to strings, the same way everywhere
//
// ASCII only: mail protocols compare keywords and domains octet by octet
// (RFC 5321 2.4), so no function here looks at the locale.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

constexpr bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

constexpr bool is_alnum(char c)
{
    return is_alpha(c) || is_digit(c);
}

constexpr bool is_space(char c) // blank, tab, CR, LF
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// One after the other: what fmt::format("{}{}", ...) gives, where every request pays for it.
std::string concat(std::initializer_list<std::string_view> parts);

// A number as text, without an allocation: std::string_view(Decimal(n))
class Decimal {
public:
    explicit Decimal(std::int64_t number)
        : size_(static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr - digits_))
    {
    }
    operator std::string_view() const { return {digits_, size_}; }

private:
    char digits_[24];
    std::size_t size_;
};

// Without blanks, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text);

// The parts between separators, empty ones included: split("a,,b", ',') has three.
std::vector<std::string_view> split(std::string_view text, char separator);

// The words between runs of blanks, tabs, CR and LF; no empty ones.
std::vector<std::string_view> split_words(std::string_view text);

// How many octets at its head are printable ASCII (0x20 to 0x7e).
std::size_t printable_prefix(std::string_view text);

// Fit for a wire: every octet outside printable ASCII (0x20 to 0x7e) becomes
// '?', and at most `limit` octets are kept. One octet in, one octet out.
std::string printable(std::string_view text, std::size_t limit = 512);
void append_printable(std::string& out, std::string_view text, std::size_t limit = 512);

} // namespace postern
