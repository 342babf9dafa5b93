// value - the text of a setting as a value
//
// One reader a kind of value; defaults, limits, the strings of postern.toml
// and environment variables all pass through them, so that a value means the
// same wherever it is written. Each is pure: text in, value or reason out.
// The words of an enum stand in one table, which also gives the documentation
// its "one of: ...".
#pragma once

#include "common/result.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

Result<bool> read_bool(std::string_view text);           // true, false: nothing else
Result<std::int64_t> read_number(std::string_view text); // 24, -1
Result<std::int64_t> read_octal(std::string_view text);  // "0660": a file mode
Result<std::int64_t> read_size(std::string_view text);   // "4096", "64K", "25M", "2G": octets

Result<std::chrono::seconds> read_seconds(std::string_view text);           // "90s", "5m", "2h", "1d"
Result<std::chrono::milliseconds> read_milliseconds(std::string_view text); // the same and "500ms"

// Split at commas, blanks and line ends. An item that begins with a slash is
// whole to the slash that ends it, if there is one: "/^mx[0-9]{1,3} /, b" has
// two items. For environment variables and defaults: a list of postern.toml
// is an array and needs no splitting.
std::vector<std::string> read_list(std::string_view text);

template <class E>
struct Word {
    std::string_view word;
    E value;
};

std::string one_of(const std::vector<std::string_view>& words); // "one of: fail, softfail"

template <class E>
std::vector<std::string_view> just_words(std::span<const Word<E>> table)
{
    std::vector<std::string_view> words;
    for (const auto& row : table)
        words.push_back(row.word);
    return words;
}

template <class E>
Result<E> read_word(std::span<const Word<E>> table, std::string_view text)
{
    for (const auto& row : table)
        if (row.word == text)
            return row.value;
    return fail("\"{}\" is not {}", text, one_of(just_words(table)));
}

} // namespace postern
