#include "config/compare/log_fields.h"

#include "common/text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace postern {
namespace {

constexpr std::size_t most_fields = 200; // a record has a dozen or two
const std::string nothing;

void append_utf8(std::string& out, std::uint32_t c)
{
    const auto put = [&](std::uint32_t octet) { out += static_cast<char>(octet); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0 | c >> 6);
        put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        put(0xe0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    } else {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3f));
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    }
}

// The four digits after "\u".
std::optional<std::uint32_t> take_code_unit(std::string_view& text)
{
    std::uint32_t unit = 0;
    if (text.size() < 4)
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + 4, unit, 16);
    if (error != std::errc{} || end != text.data() + 4)
        return std::nullopt;
    text.remove_prefix(4);
    return unit;
}

// What follows a backslash (RFC 8259 7).
bool take_escape(std::string_view& text, std::string& out)
{
    if (text.empty())
        return false;
    const char c = text.front();
    text.remove_prefix(1);
    switch (c) {
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case 't': out += '\t'; return true;
    case 'b': out += '\b'; return true;
    case 'f': out += '\f'; return true;
    case '"':
    case '\\':
    case '/': out += c; return true;
    case 'u': break;
    default: return false;
    }
    auto unit = take_code_unit(text);
    if (!unit)
        return false;
    if (*unit >= 0xd800 && *unit < 0xdc00 && text.starts_with("\\u")) { // the first of two
        text.remove_prefix(2);
        const auto second = take_code_unit(text);
        if (!second || *second < 0xdc00 || *second > 0xdfff)
            return false;
        unit = 0x10000 + ((*unit - 0xd800) << 10) + (*second - 0xdc00);
    }
    append_utf8(out, *unit);
    return true;
}

std::optional<std::string> take_quoted(std::string_view& text)
{
    if (text.empty() || text.front() != '"')
        return std::nullopt;
    text.remove_prefix(1);
    std::string out;
    while (!text.empty()) {
        const auto plain = std::min(text.find_first_of("\"\\"), text.size());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty())
            return std::nullopt;
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '"')
            return out;
        if (!take_escape(text, out))
            return std::nullopt;
    }
    return std::nullopt;
}

std::string take_until(std::string_view& text, std::string_view ends)
{
    const auto size = std::min(text.find_first_of(ends), text.size());
    std::string taken(text.substr(0, size));
    text.remove_prefix(size);
    return taken;
}

bool take(std::string_view& text, char wanted)
{
    if (text.empty() || text.front() != wanted)
        return false;
    text.remove_prefix(1);
    return true;
}

std::optional<LogFieldsRead> read_json(std::string_view text)
{
    LogFieldsRead fields;
    text.remove_prefix(1);
    for (std::size_t i = 0; i < most_fields; ++i) {
        auto name = take_quoted(text);
        if (!name || !take(text, ':'))
            return std::nullopt;
        const bool is_quoted = !text.empty() && text.front() == '"';
        auto value = is_quoted ? take_quoted(text) : std::optional(take_until(text, ",}"));
        if (!value)
            return std::nullopt;
        fields.add(std::move(*name), std::move(*value));
        if (take(text, '}'))
            return trim(text).empty() ? std::optional(std::move(fields)) : std::nullopt;
        if (!take(text, ','))
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<LogFieldsRead> read_logfmt(std::string_view text)
{
    LogFieldsRead fields;
    for (std::size_t i = 0; i < most_fields; ++i) {
        auto name = take_until(text, "= ");
        if (name.empty() || !take(text, '='))
            return std::nullopt;
        const bool is_quoted = !text.empty() && text.front() == '"';
        auto value = is_quoted ? take_quoted(text) : std::optional(take_until(text, " "));
        if (!value)
            return std::nullopt;
        fields.add(std::move(name), std::move(*value));
        if (text.empty())
            return fields;
        if (!take(text, ' '))
            return std::nullopt;
    }
    return std::nullopt;
}

} // namespace

const std::string& LogFieldsRead::value(std::string_view name) const
{
    const auto it = std::find_if(fields_.begin(), fields_.end(), [&](const auto& field) { return field.first == name; });
    return it == fields_.end() ? nothing : it->second;
}

bool LogFieldsRead::has(std::string_view name) const
{
    return std::any_of(fields_.begin(), fields_.end(), [&](const auto& field) { return field.first == name; });
}

std::optional<LogFieldsRead> read_log_fields(std::string_view line)
{
    line = trim(line);
    return line.starts_with('{') ? read_json(line) : read_logfmt(line);
}

} // namespace postern
