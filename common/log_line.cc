#include "common/log_line.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

namespace postern {
namespace {

constexpr std::string_view cut_mark = "...";
constexpr char32_t replacement = 0xfffd;

struct Decoded {
    char32_t character = replacement;
    std::size_t octets = 1;
};

// By its first octet; 0: no sequence begins so.
std::size_t sequence_length(std::uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

// The character at the head of `text`, which is not empty. One octet that
// begins no well-formed sequence (RFC 3629 4) is one replacement character.
Decoded decode_utf8(std::string_view text)
{
    const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = octet(0);
    const std::size_t length = sequence_length(first);
    if (length == 0 || length > text.size())
        return {};
    char32_t character = length == 1 ? first : first & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((octet(i) & 0xc0) != 0x80)
            return {};
        character = character << 6 | (octet(i) & 0x3fu);
    }
    const bool is_overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
    const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
    if (is_overlong || is_surrogate || character > 0x10ffff)
        return {};
    return {character, length};
}

void append_code_unit(std::string& out, unsigned unit)
{
    constexpr std::string_view hex_digits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += hex_digits[unit >> shift & 15];
}

// What an octet is to a line: a bit for each manner of writing that it would spoil. Every octet of
// every line is looked at, so eight are looked at a time where they are most.
constexpr unsigned char needs_escape = 1, needs_quotes = 2; // around the value

constexpr auto octet_needs = [] {
    std::array<unsigned char, 256> needs{};
    for (int c = 0; c < 256; ++c)
        needs[static_cast<std::size_t>(c)] = c < 0x20 || c > 0x7e || c == '"' || c == '\\' ? needs_escape | needs_quotes : 0;
    needs[' '] = needs['='] = needs_quotes;
    return needs;
}();

// How many octets at the head of `text` have none of these `needs`.
std::size_t plain_prefix(std::string_view text, unsigned char needs)
{
    // The high bit of each of eight octets is set where it is not printable (see printable_prefix), or is `c`.
    constexpr std::uint64_t each = 0x0101010101010101;
    const auto unprintable = [](std::uint64_t octets, char first) {
        return octets | (octets + 0x01 * each) | (octets - static_cast<unsigned char>(first) * each);
    };
    const auto is = [](std::uint64_t octets, char c) {
        const auto zero = octets ^ static_cast<unsigned char>(c) * each;
        return (zero - each) & ~zero;
    };
    std::size_t size = 0;
    for (; size + 8 <= text.size(); size += 8) {
        std::uint64_t octets = 0;
        std::memcpy(&octets, text.data() + size, 8);
        auto marks = is(octets, '"') | is(octets, '\\');
        marks |= needs == needs_quotes ? unprintable(octets, '!') | is(octets, '=') : unprintable(octets, ' ');
        if (marks & 0x80 * each)
            break;
    }
    while (size < text.size() && !(octet_needs[static_cast<unsigned char>(text[size])] & needs))
        ++size;
    return size;
}

// RFC 8259 7, with everything outside printable ASCII escaped.
void append_escaped(std::string& out, std::string_view text)
{
    while (!text.empty()) {
        const auto plain = plain_prefix(text, needs_escape);
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty())
            return;
        const auto [character, octets] = decode_utf8(text);
        text.remove_prefix(octets);
        switch (character) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            if (character >= 0x10000) { // as UTF-16 has it
                append_code_unit(out, 0xd800 + ((character - 0x10000) >> 10));
                append_code_unit(out, 0xdc00 + ((character - 0x10000) & 0x3ff));
            } else {
                append_code_unit(out, character);
            }
        }
    }
}

void append_quoted(std::string& out, std::string_view text)
{
    out += '"';
    append_escaped(out, text.substr(0, log_value_limit));
    if (text.size() > log_value_limit)
        out += cut_mark;
    out += '"';
}

bool is_plain(std::string_view text)
{
    return plain_prefix(text, needs_quotes) == text.size();
}

bool is_plain_value(std::string_view value)
{
    return !value.empty() && value.size() <= log_value_limit && is_plain(value);
}

// A name of logfmt, which knows no quotes there.
void append_name(std::string& out, std::string_view name)
{
    const auto before = out.size();
    out += name;
    if (!is_plain(name))
        std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                        [](char c) { return (octet_needs[static_cast<unsigned char>(c)] & needs_quotes) != 0; }, '_');
}

// One line in the making.
class LineWriter {
public:
    LineWriter(std::string& out, LineFormat format)
        : out_(out)
        , format_(format)
    {
        if (format_ == LineFormat::json)
            out_ += '{';
    }

    void pair(std::string_view name, std::string_view value, bool is_number = false)
    {
        if (!std::exchange(is_first_, false))
            out_ += format_ == LineFormat::json ? ',' : ' ';
        switch (format_) {
        case LineFormat::json:
            append_quoted(out_, name);
            out_ += ':';
            return is_number ? void(out_ += value) : append_quoted(out_, value);
        case LineFormat::logfmt:
            append_name(out_, name);
            out_ += '=';
            return is_plain_value(value) ? void(out_ += value) : append_quoted(out_, value);
        }
    }

    void event(const LogEvent& event)
    {
        pair("event", event.event);
        for (const auto field : event.fields)
            pair(field.name, field.value, field.is_number);
        if (format_ == LineFormat::json)
            out_ += '}';
    }

private:
    std::string& out_;
    LineFormat format_;
    bool is_first_ = true;
};

// RFC 3339 5.6, in UTC with milliseconds. By hand: it is done for every line.
std::array<char, 24> time_text(std::chrono::system_clock::time_point time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));

    std::array<char, 24> text{};
    auto* out = text.data();
    const auto digits = [&](auto number, int width, char after) {
        auto rest = static_cast<unsigned>(number);
        for (int i = width - 1; i >= 0; --i, rest /= 10)
            out[i] = static_cast<char>('0' + rest % 10);
        out[width] = after;
        out += width + 1;
    };
    digits(static_cast<int>(date.year()), 4, '-');
    digits(static_cast<unsigned>(date.month()), 2, '-');
    digits(static_cast<unsigned>(date.day()), 2, 'T');
    digits(clock.hours().count(), 2, ':');
    digits(clock.minutes().count(), 2, ':');
    digits(clock.seconds().count(), 2, '.');
    digits(clock.subseconds().count(), 3, 'Z');
    return text;
}

} // namespace

std::string_view log_level_name(LogLevel level)
{
    switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
    }
    return "error"; // unreachable
}

void append_log_line(std::string& out, LineFormat format, std::string_view program, const LogEvent& event)
{
    const auto time = time_text(event.time);
    LineWriter line(out, format);
    line.pair("time", {time.data(), time.size()});
    line.pair("level", log_level_name(event.level));
    if (!program.empty())
        line.pair("program", program);
    line.event(event);
    out += '\n';
}

void append_log_message(std::string& out, LineFormat format, const LogEvent& event)
{
    LineWriter(out, format).event(event);
}

} // namespace postern
