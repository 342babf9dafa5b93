#include "milterd/auth_results.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace postern {
namespace {

constexpr std::size_t value_limit = 400; // a mailbox has 320; escaped, it still fits a line of 998 (RFC 5322 2.1.1)
constexpr std::size_t comment_limit = 200;
constexpr std::size_t line_length = 78; // RFC 5322 2.1.1
constexpr std::string_view field_name = "Authentication-Results: ";

// RFC 2045 5.1: the characters of a token, which is a `value` without quotes.
bool is_token_char(char c)
{
    return c > 0x20 && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

// RFC 5322 3.2.3: words of atext between single dots.
bool is_dot_atom(std::string_view text)
{
    const auto parts = split(text, '.');
    return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
        return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
            return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
        });
    });
}

bool is_domain_name(std::string_view text)
{
    const auto labels = split(text, '.');
    return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
        return !label.empty() && std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; })
            && label.front() != '-' && label.back() != '-';
    });
}

// RFC 8601 2.2, pvalue: [ [ local-part ] "@" ] domain-name
bool is_mailbox(std::string_view text)
{
    const auto at = text.rfind('@');
    return at != std::string_view::npos && (at == 0 || is_dot_atom(text.substr(0, at)))
        && is_domain_name(text.substr(at + 1));
}

// The octets of the well-formed UTF-8 character in front (RFC 3629 4), without controls; 0 if there is none.
std::size_t utf8_length(std::string_view text)
{
    const auto octet = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
    const auto is_tail = [&](std::size_t i) { return (octet(i) & 0xc0) == 0x80; };
    const auto first = octet(0);
    const auto second = octet(1);
    if (first >= 0xc2 && first <= 0xdf)
        return is_tail(1) && !(first == 0xc2 && second < 0xa0) ? 2 : 0; // U+0080 to U+009F are controls
    if (first >= 0xe0 && first <= 0xef) {
        const bool is_overlong = first == 0xe0 && second < 0xa0;
        const bool is_surrogate = first == 0xed && second > 0x9f;
        return is_tail(1) && is_tail(2) && !is_overlong && !is_surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool is_overlong = first == 0xf0 && second < 0x90;
        const bool is_too_high = first == 0xf4 && second > 0x8f;
        return is_tail(1) && is_tail(2) && is_tail(3) && !is_overlong && !is_too_high ? 4 : 0;
    }
    return 0;
}

// At most `limit` octets, fit for the inside of a quoted-string or a comment: `special` ones escaped.
std::string escaped(std::string_view text, std::string_view special, std::size_t limit, FieldCharset charset)
{
    std::string out;
    for (std::size_t at = 0; at < std::min(text.size(), limit);) {
        const char c = text[at];
        const auto length = charset == FieldCharset::utf8 ? utf8_length(text.substr(at)) : 0;
        if (length > 0 && at + length > limit)
            break;
        if (length > 0) {
            out += text.substr(at, length);
            at += length;
            continue;
        }
        if (special.find(c) != std::string_view::npos)
            out += '\\';
        out += c >= 0x20 && c < 0x7f ? c : '?';
        ++at;
    }
    return out;
}

std::string quoted(std::string_view text, std::size_t limit, FieldCharset charset)
{
    return '"' + escaped(text, "\\\"", limit, charset) + '"';
}

std::string value_text(std::string_view value, FieldCharset charset)
{
    if (value.size() <= value_limit && (is_token(value) || is_mailbox(value)))
        return std::string(value);
    return quoted(value, value_limit, charset);
}

// RFC 8601 2.2: methods, results, ptypes and properties are Keywords (RFC 5321 4.1.2). They are
// ours, not the sender's; should one be wrong, it does no harm here.
std::string keyword(std::string_view text)
{
    std::string out;
    for (const char c : text.substr(0, 64))
        if (is_alnum(c) || c == '-')
            out += c;
    while (!out.empty() && out.back() == '-')
        out.pop_back();
    return out.empty() ? "unknown" : out;
}

// Words with a blank between them, or a fold where the line would get too long.
class FoldedText {
public:
    explicit FoldedText(std::size_t column)
        : column_(column)
    {
    }

    void add_word(std::string_view word)
    {
        if (column_ + 1 + word.size() > line_length)
            start_line();
        else if (!is_line_empty_)
            append(" ");
        append(word);
    }

    void start_line()
    {
        text_ += "\n\t";
        column_ = 8; // where a tab leads to
        is_line_empty_ = true;
    }

    void append(std::string_view text)
    {
        text_ += text;
        column_ += text.size();
        is_line_empty_ = false;
    }

    std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::size_t column_;
    bool is_line_empty_ = true;
};

void add_result(FoldedText& field, const AuthResult& result, FieldCharset charset)
{
    field.append(keyword(result.method) + "=" + keyword(result.result));
    if (!result.comment.empty())
        field.add_word("(" + escaped(result.comment, "\\()", comment_limit, charset) + ")");
    if (!result.reason.empty())
        field.add_word("reason=" + quoted(result.reason, comment_limit, charset));
    for (const auto& property : result.properties)
        field.add_word(keyword(property.ptype) + "." + keyword(property.property) + "="
                       + value_text(property.value, charset));
}

// ---- reading ----

// Passes over a comment, which may hold others (RFC 5322 3.2.2). An unclosed one ends with the text.
void skip_comment(std::string_view& text)
{
    int depth = 0;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(c == '\\' ? std::min<std::size_t>(2, text.size()) : 1);
        if (c == '(')
            ++depth;
        else if (c == ')' && --depth == 0)
            return;
    }
}

void skip_cfws(std::string_view& text)
{
    while (!text.empty() && (is_space(text.front()) || text.front() == '('))
        if (text.front() == '(')
            skip_comment(text);
        else
            text.remove_prefix(1);
}

std::string read_quoted(std::string_view& text)
{
    std::string out;
    text.remove_prefix(1);
    while (!text.empty() && text.front() != '"') {
        if (text.front() == '\\' && text.size() > 1)
            text.remove_prefix(1);
        if (text.front() != '\r' && text.front() != '\n') // a fold: RFC 5322 3.2.4
            out += text.front();
        text.remove_prefix(1);
    }
    text.remove_prefix(std::min<std::size_t>(1, text.size()));
    return std::string(trim(out));
}

// A token, in UTF-8 too (RFC 8616 3).
std::string read_token(std::string_view& text)
{
    const auto end = std::find_if(text.begin(), text.end(),
                                  [](char c) { return !is_token_char(c) && static_cast<std::uint8_t>(c) < 0x80; });
    const auto size = static_cast<std::size_t>(end - text.begin());
    std::string out(text.substr(0, size));
    text.remove_prefix(size);
    return out;
}

} // namespace

std::string write_auth_results(std::string_view authserv_id, const std::vector<AuthResult>& results,
                               FieldCharset charset)
{
    FoldedText field(field_name.size());
    const bool is_plain = is_token(authserv_id) && authserv_id.size() <= value_limit;
    field.append(is_plain ? std::string(authserv_id) : quoted(authserv_id, value_limit, charset));
    if (results.empty())
        field.append("; none");
    for (const auto& result : results) {
        field.append(";");
        field.start_line();
        add_result(field, result, charset);
    }
    return field.take();
}

std::string read_authserv_id(std::string_view value)
{
    skip_cfws(value);
    if (value.empty())
        return {};
    const auto id = value.front() == '"' ? read_quoted(value) : read_token(value);
    skip_cfws(value);
    if (!value.empty() && value.front() == '=') // no id at all, but the first result
        return {};
    if (const auto a_labels = to_a_labels(id))
        return *a_labels;
    return to_lower(id);
}

} // namespace postern
