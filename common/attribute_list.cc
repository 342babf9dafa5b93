#include "common/attribute_list.h"

#include "common/text.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace postern {
namespace {

bool stands_for_itself(char c)
{
    return is_alnum(c) || std::string_view("-._~@:/+=").find(c) != std::string_view::npos;
}

std::string encoded(std::string_view value)
{
    std::string text;
    for (const char c : value)
        text += stands_for_itself(c) ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return text;
}

std::optional<std::string> decoded(std::string_view text)
{
    std::string value;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            value += text[i];
            continue;
        }
        unsigned char octet = 0;
        const auto digits = text.substr(i + 1, 2);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
        if (digits.size() < 2 || error != std::errc() || end != digits.data() + 2)
            return std::nullopt;
        value += static_cast<char>(octet);
        i += 2;
    }
    return value;
}

} // namespace

std::string write_attributes(const Attributes& attributes)
{
    std::string line;
    for (const auto& [name, value] : attributes)
        line += fmt::format("{}{}={}", line.empty() ? "" : " ", name, encoded(value));
    return line;
}

Result<Attributes> parse_attributes(std::string_view line)
{
    Attributes attributes;
    for (const auto word : split_words(line)) {
        const auto equals = word.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return fail("not name=value: \"{}\"", printable(word, 80));
        const auto name = word.substr(0, equals);
        auto value = decoded(word.substr(equals + 1));
        if (!value)
            return fail("a % stands for an octet by two hexadecimal digits: \"{}\"", printable(word, 80));
        if (std::any_of(attributes.begin(), attributes.end(), [&](const auto& pair) { return pair.first == name; }))
            return fail("stands twice: \"{}\"", printable(name, 80));
        attributes.emplace_back(name, std::move(*value));
    }
    return attributes;
}

} // namespace postern
