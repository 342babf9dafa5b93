#include "common/log_line.h"

#include "common/octets.h"

#include <algorithm>
#include <cstdint>
#include <fmt/chrono.h>
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

// Appends to a text with less ado than std::string, whose every step is a call: that was half of what a line cost.
class Pen {
public:
    Pen(std::string& text, std::size_t usual_size)
        : text_(text)
        , at_(text.data() + text.size())
    {
        make_room(usual_size);
    }
    ~Pen() { text_.resize(used()); } // what was too much room
    Pen(const Pen&) = delete;
    Pen& operator=(const Pen&) = delete;

    void operator+=(char c) { *space(1) = c; }
    void operator+=(std::string_view octets) { std::copy(octets.begin(), octets.end(), space(octets.size())); }

private:
    std::size_t used() const { return static_cast<std::size_t>(at_ - text_.data()); }

    char* space(std::size_t size)
    {
        if (static_cast<std::size_t>(end_ - at_) < size)
            make_room(size + 256);
        return std::exchange(at_, at_ + size);
    }

    [[gnu::noinline]] void make_room(std::size_t size) // so that space() is small enough to be inlined
    {
        const auto before = used();
        text_.resize(before + size);
        at_ = text_.data() + before;
        end_ = at_ + size;
    }

    std::string& text_;
    char* at_;
    char* end_ = nullptr;
};

void append_code_unit(Pen& out, unsigned unit)
{
    constexpr std::string_view hex_digits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += hex_digits[unit >> shift & 15];
}

// How many octets at the head of `text` are written as they are, inside quotes.
std::size_t unescaped_prefix(std::string_view text)
{
    return prefix_before(text, [](std::uint64_t word) {
        return is_not_printable(word) | is_octet(word, '"') | is_octet(word, '\\');
    });
}

// How many are without quotes.
std::size_t unquoted_prefix(std::string_view text)
{
    return prefix_before(text, [](std::uint64_t word) {
        return is_not_printable(word, '!') | is_octet(word, '"') | is_octet(word, '\\') | is_octet(word, '=');
    });
}

// RFC 8259 7, with everything outside printable ASCII escaped.
void append_escaped(Pen& out, std::string_view text)
{
    while (!text.empty()) {
        const auto plain = unescaped_prefix(text);
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

void append_quoted(Pen& out, std::string_view text)
{
    out += '"';
    append_escaped(out, text.substr(0, log_value_limit));
    if (text.size() > log_value_limit)
        out += cut_mark;
    out += '"';
}

bool is_plain_value(std::string_view value)
{
    return !value.empty() && value.size() <= log_value_limit && unquoted_prefix(value) == value.size();
}

// A name of logfmt, which knows no quotes there.
void append_name(Pen& out, std::string_view name)
{
    for (;;) {
        const auto plain = unquoted_prefix(name);
        out += name.substr(0, plain);
        if (plain == name.size())
            return;
        out += '_';
        name.remove_prefix(plain + 1);
    }
}

// One line in the making.
class LineWriter {
public:
    // `head`: what the line begins with; empty: nothing yet.
    LineWriter(std::string& out, LineFormat format, std::string_view head, std::size_t usual_size)
        : out_(out, head.size() + usual_size)
        , format_(format)
        , is_first_(head.empty())
    {
        out_ += head;
        if (is_first_ && format_ == LineFormat::json)
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

    void line_feed() { out_ += '\n'; }

private:
    Pen out_;
    LineFormat format_;
    bool is_first_;
};

// So long is a line, as a rule: what a record has beside its values is about what is written around them.
std::size_t usual_size(const LogEvent& event)
{
    return event.event.size() + event.fields.packed().size() + 32;
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

LogLines::LogLines(LineFormat format, std::string program)
    : format_(format)
    , program_(std::move(program))
{
}

void LogLines::append(std::string& out, const LogEvent& event)
{
    const auto second = std::chrono::floor<std::chrono::seconds>(event.time);
    if (head_.empty() || second != second_ || event.level != level_)
        write_head(second, event.level);
    auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(event.time - second).count();
    for (auto at = milliseconds_at_ + 3; at-- > milliseconds_at_; milliseconds /= 10)
        head_[at] = static_cast<char>('0' + milliseconds % 10);

    LineWriter line(out, format_, head_, usual_size(event));
    line.event(event);
    line.line_feed();
}

void LogLines::write_head(Second second, LogLevel level)
{
    second_ = second;
    level_ = level;
    const auto utc = fmt::gmtime(std::chrono::system_clock::to_time_t(second));
    head_.clear();
    {
        LineWriter head(head_, format_, {}, 0);
        head.pair("time", fmt::format("{:%Y-%m-%dT%H:%M:%S}.000Z", utc)); // RFC 3339 5.6
        head.pair("level", log_level_name(level));
        if (!program_.empty())
            head.pair("program", program_);
    }
    milliseconds_at_ = head_.find('.') + 1;
}

void append_log_message(std::string& out, LineFormat format, const LogEvent& event)
{
    LineWriter(out, format, {}, usual_size(event)).event(event);
}

} // namespace postern
