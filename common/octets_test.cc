#include "common/octets.h"

#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

TEST_CASE("load_octets: zeros stand for what is not there")
{
    const std::string text("\xff" "bcdefgh");
    for (std::size_t size = 0; size < 8; ++size) {
        const std::vector<char> alone(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size)); // no octet behind it
        const auto word = load_octets(alone.data(), size);
        for (std::size_t i = 0; i < 8; ++i) {
            const auto got = word >> 8 * i & 0xff;
            CHECK(got == (i < size ? static_cast<unsigned char>(text[i]) : 0));
        }
    }
    const auto last = load_octets(text.data()) >> 56;
    CHECK(last == 'h');

    char stored[8];
    store_octets(stored, load_octets(text.data()));
    CHECK(std::string_view(stored, 8) == text);
}

TEST_CASE("load_rest: what stands behind whole words, with nothing of what is before")
{
    const std::string text("\xff" "bcdefghijklmnopqrst");
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const std::vector<char> alone(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
        const auto at = size / 8 * 8;
        CAPTURE(size);
        CHECK(load_rest({alone.data(), size}, at) == load_octets(alone.data() + at, size - at));
    }
}

TEST_CASE("prefix_before: every octet at every place of texts of every length")
{
    const auto marks = [](std::uint64_t word) { return is_not_printable(word, '!') | is_octet(word, '='); };
    for (std::size_t size = 0; size <= 20; ++size) {
        const std::vector<char> plain(size, 'x'); // on the heap, where nothing stands behind it
        CHECK(prefix_before({plain.data(), size}, marks) == size);
        for (std::size_t place = 0; place < size; ++place)
            for (int c = 0; c < 256; ++c) {
                auto text = plain;
                text[place] = static_cast<char>(c);
                const bool is_marked = c < '!' || c > '~' || c == '=';
                CAPTURE(size);
                CAPTURE(place);
                CAPTURE(c);
                CHECK(prefix_before({text.data(), size}, marks) == (is_marked ? place : size));
            }
    }
}

TEST_CASE("prefix_before: of several the first counts")
{
    const auto marks = [](std::uint64_t word) { return is_not_printable(word) | is_octet(word, '"'); };
    CHECK(prefix_before("ab\"\x80\xff", marks) == 2);
    CHECK(prefix_before("abc\xff\"\x1f 12345", marks) == 3);
    CHECK(prefix_before("ab\x1f\"\xff", marks) == 2);
}

} // namespace postern
