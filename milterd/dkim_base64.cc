#include "milterd/dkim_base64.h"

#include "common/text.h"

#include <array>
#include <cstdint>

namespace postern {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> values = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
}();

} // namespace

Result<std::string> decode_base64(std::string_view text)
{
    std::string octets;
    octets.reserve(text.size() / 4 * 3 + 3);
    std::uint32_t bits = 0;
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (is_space(c))
            continue;
        if (c == '=') {
            ++padding;
            continue;
        }
        const auto value = values[static_cast<unsigned char>(c)];
        if (value < 0 || padding != 0)
            return fail("not base64");
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        ++digits;
        if (digits % 4 != 1)
            octets += static_cast<char>(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xff);
    }
    if (digits % 4 == 1 || padding > 2 || (padding != 0 && (digits + padding) % 4 != 0))
        return fail("not base64");
    return octets;
}

std::string encode_base64(std::string_view octets)
{
    std::string text;
    text.reserve((octets.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        const auto group = octets.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += k <= group.size() ? alphabet[bits >> (18 - 6 * k) & 0x3f] : '=';
    }
    return text;
}

} // namespace postern
