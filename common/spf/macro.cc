#include "common/spf/macro.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t max_expansion = 4096; // a TXT record of 64 KB full of "%{s}" would come to megabytes
constexpr std::size_t max_name = 253;       // RFC 7208 7.3
constexpr unsigned max_keep = 128;          // more parts than a name can have: "all" from here on

constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";

bool is_macro_letter(char letter, MacroPlace place)
{
    constexpr std::string_view everywhere = "slodiphv", explanation_only = "crt"; // RFC 7208 7.2
    return everywhere.find(letter) != std::string_view::npos
        || (place == MacroPlace::explanation && explanation_only.find(letter) != std::string_view::npos);
}

// What is between "%{" and "}".
Result<MacroPiece> parse_macro(std::string_view text, MacroPlace place)
{
    MacroPiece piece;
    piece.expands = true;
    piece.letter = text.empty() ? '\0' : to_lower(text.front());
    if (!is_macro_letter(piece.letter, place))
        return fail("%{{{}}}: no such macro here", printable(text, 32));
    piece.url_escape = text.front() != piece.letter;
    text.remove_prefix(1);

    const bool has_digits = !text.empty() && is_digit(text.front());
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
        piece.keep = std::min(max_keep, piece.keep * 10 + static_cast<unsigned>(text.front() - '0'));
    if (has_digits && piece.keep == 0)
        return fail("%{{{}0}}: zero parts", piece.letter); // RFC 7208 7.1
    if (!text.empty() && to_lower(text.front()) == 'r') {
        piece.reverse = true;
        text.remove_prefix(1);
    }
    if (text.find_first_not_of(".-+,/_=") != std::string_view::npos)
        return fail("\"{}\" is not a macro delimiter", printable(text, 32));
    if (!text.empty())
        piece.delimiters = text;
    return piece;
}

// "%%", "%_", "%-": what they stand for, or nothing.
std::string_view escaped_literal(char c)
{
    switch (c) {
    case '%':
        return "%";
    case '_':
        return " ";
    case '-':
        return "%20";
    }
    return {};
}

bool is_visible(char c, MacroPlace place)
{
    return (c > 0x20 && c < 0x7f) || (c == ' ' && place == MacroPlace::explanation);
}

// toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
bool is_top_label(std::string_view label)
{
    return !label.empty() && label.front() != '-' && label.back() != '-'
        && std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; })
        && !std::all_of(label.begin(), label.end(), is_digit);
}

std::string dotted_nibbles(const IpAddress& ip)
{
    if (ip.is_v4())
        return ip.text();
    std::string text;
    for (const auto octet : ip.octets()) { // RFC 7208 7.4 writes them in upper case
        text += upper_hex_digits[octet >> 4];
        text += '.';
        text += upper_hex_digits[octet & 15];
        text += '.';
    }
    text.pop_back();
    return text;
}

std::string value_of(char letter, const MacroValues& values)
{
    switch (letter) { // RFC 7208 7.2
    case 's':
        return fmt::format("{}@{}", values.local_part, values.sender_domain);
    case 'l':
        return std::string(values.local_part);
    case 'o':
        return std::string(values.sender_domain);
    case 'd':
        return std::string(values.domain);
    case 'i':
        return dotted_nibbles(values.ip);
    case 'p':
        return std::string(values.validated_name);
    case 'v':
        return values.ip.is_v4() ? "in-addr" : "ip6";
    case 'h':
        return std::string(values.helo);
    case 'c':
        return values.ip.text();
    case 'r':
        return values.receiver.empty() ? "unknown" : std::string(values.receiver);
    case 't':
        return std::to_string(values.now.time_since_epoch().count());
    }
    return {};
}

// Split at the delimiters, reversed, cut to the right-hand parts, joined with dots.
std::string transform(const MacroPiece& piece, std::string value)
{
    if (piece.keep == 0 && !piece.reverse && piece.delimiters == ".")
        return value;
    std::vector<std::string_view> parts;
    for (std::string_view rest = value;;) {
        const auto end = rest.find_first_of(piece.delimiters);
        parts.push_back(rest.substr(0, end));
        if (end == std::string_view::npos)
            break;
        rest.remove_prefix(end + 1);
    }
    if (piece.reverse)
        std::reverse(parts.begin(), parts.end());
    const auto left_out = piece.keep == 0 ? 0 : parts.size() - std::min<std::size_t>(piece.keep, parts.size());
    std::string joined;
    for (std::size_t i = left_out; i < parts.size(); ++i)
        joined.append(i == left_out ? "" : ".").append(parts[i]);
    return joined;
}

// RFC 3986 2.3: all but unreserved characters
std::string url_escaped(std::string_view value)
{
    std::string text;
    for (const char c : value) {
        if (is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
            text += c;
        } else {
            text += '%';
            text += upper_hex_digits[static_cast<unsigned char>(c) >> 4];
            text += upper_hex_digits[static_cast<unsigned char>(c) & 15];
        }
    }
    return text;
}

} // namespace

Result<MacroString> parse_macro_string(std::string_view text, MacroPlace place)
{
    MacroString pieces;
    while (!text.empty()) {
        MacroPiece piece;
        std::size_t size = 0;
        if (text.front() != '%') {
            size = std::min(text.find('%'), text.size());
            piece.literal = text.substr(0, size);
            if (!std::all_of(piece.literal.begin(), piece.literal.end(), [&](char c) { return is_visible(c, place); }))
                return fail("\"{}\" holds a character that may not be there", printable(text, 64));
        } else if (text.size() >= 2 && text[1] == '{') {
            const auto end = text.find('}');
            if (end == std::string_view::npos)
                return fail("\"{}\" has no closing brace", printable(text, 64));
            auto macro = parse_macro(text.substr(2, end - 2), place);
            if (!macro)
                return tl::unexpected(macro.error());
            piece = *macro;
            size = end + 1;
        } else {
            piece.expands = true;
            piece.literal = text.size() >= 2 ? escaped_literal(text[1]) : std::string_view();
            size = 2;
            if (piece.literal.empty())
                return fail("\"{}\" is not a macro", printable(text.substr(0, 2)));
        }
        pieces.push_back(piece);
        text.remove_prefix(size);
    }
    return pieces;
}

Result<MacroString> parse_domain_spec(std::string_view text)
{
    auto pieces = parse_macro_string(text, MacroPlace::domain_spec);
    if (!pieces)
        return pieces;
    if (pieces->empty())
        return fail("the domain is missing");
    if (pieces->back().expands)
        return pieces;

    auto end = pieces->back().literal;
    if (end.back() == '.')
        end.remove_suffix(1);
    const auto dot = end.rfind('.');
    if (dot == std::string_view::npos || !is_top_label(end.substr(dot + 1)))
        return fail("\"{}\" does not end in a top-level domain", printable(text, 64));
    return pieces;
}

bool uses_macro(const MacroString& macro_string, char letter)
{
    return std::any_of(macro_string.begin(), macro_string.end(), [&](const auto& p) { return p.letter == letter; });
}

std::string expand(const MacroString& macro_string, const MacroValues& values)
{
    std::string text;
    for (const auto& piece : macro_string) {
        if (piece.letter == 0) {
            text += piece.literal;
        } else {
            const auto value = transform(piece, value_of(piece.letter, values));
            text += piece.url_escape ? url_escaped(value) : value;
        }
        if (text.size() > max_expansion) {
            text.resize(max_expansion);
            break;
        }
    }
    return text;
}

std::string expand_domain_spec(const MacroString& domain_spec, const MacroValues& values)
{
    auto name = expand(domain_spec, values);
    if (!name.empty() && name.back() == '.')
        name.pop_back();
    if (name.size() > max_name) {
        const auto dot = name.find('.', name.size() - max_name - 1);
        name.erase(0, dot == std::string::npos ? 0 : dot + 1);
    }
    return name;
}

} // namespace postern
