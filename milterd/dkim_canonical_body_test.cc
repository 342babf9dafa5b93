#include "milterd/dkim_canonical_body.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>
#include <string>
#include <vector>

namespace postern {
namespace {

constexpr auto simple = DkimCanonicalization::simple;
constexpr auto relaxed = DkimCanonicalization::relaxed;

std::string canonical(DkimCanonicalization canonicalization, const std::vector<std::string_view>& chunks)
{
    std::string all;
    DkimCanonicalBody body(canonicalization, [&](std::string_view octets) { all += octets; });
    for (const auto chunk : chunks)
        body.add(chunk);
    body.finish();
    CHECK(body.size() == all.size());
    return all;
}

std::vector<std::string_view> pieces(std::string_view text, std::size_t size)
{
    std::vector<std::string_view> all;
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size())))
        all.push_back(text.substr(0, size));
    return all;
}

// RFC 6376 3.4.3 and 3.4.4 word by word, line by line
std::string by_the_book(DkimCanonicalization canonicalization, std::string text)
{
    if (text.ends_with('\r')) // a line end that was cut off
        text += '\n';
    if (!text.empty() && !text.ends_with("\r\n"))
        text += "\r\n";
    std::vector<std::string> lines;
    for (std::size_t end = 0; (end = text.find("\r\n")) != std::string::npos; text.erase(0, end + 2)) {
        std::string line;
        for (const char c : text.substr(0, end)) {
            const bool is_blank = c == ' ' || c == '\t';
            if (canonicalization == simple || !is_blank)
                line += c;
            else if (!line.ends_with(' '))
                line += ' ';
        }
        if (canonicalization == relaxed && line.ends_with(' '))
            line.pop_back();
        lines.push_back(line);
    }
    while (!lines.empty() && lines.back().empty())
        lines.pop_back();
    std::string all;
    for (const auto& line : lines)
        all += line + "\r\n";
    return all.empty() && canonicalization == simple ? "\r\n" : all;
}

struct Case {
    const char* name;
    std::string body;
    std::string want_simple;
    std::string want_relaxed;
};

const std::string long_line(5'000, 'x');
const std::string long_text = "The fox, a quick one, jumps over the dog, again and again and again, until evening.\r\n";

const Case cases[] = {
    {"empty", "", "\r\n", ""},
    {"empty lines only", "\r\n\r\n\r\n", "\r\n", ""},
    {"one line", "Hi.\r\n", "Hi.\r\n", "Hi.\r\n"},
    {"one line without its end", "Hi.", "Hi.\r\n", "Hi.\r\n"},
    {"half of its end", "Hi.\r", "Hi.\r\n", "Hi.\r\n"},
    {"an LF for its end", "Hi.\n", "Hi.\n\r\n", "Hi.\n\r\n"},
    {"the example of 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
    {"no line end behind a blank", "Hi ", "Hi \r\n", "Hi\r\n"},
    {"empty lines in the middle", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
    {"empty lines in front", "\r\n\r\nb\r\n", "\r\n\r\nb\r\n", "\r\n\r\nb\r\n"},
    {"lines of blanks at the end", "a\r\n \t\r\n\t\r\n", "a\r\n \t\r\n\t\r\n", "a\r\n"},
    {"a line of blanks in the middle", "a\r\n \t\r\nb\r\n", "a\r\n \t\r\nb\r\n", "a\r\n\r\nb\r\n"},
    {"blanks only", " \t \r\n \r\n", " \t \r\n \r\n", ""},
    {"blanks without a line end", " \t ", " \t \r\n", ""},
    {"blanks in front", " \t a\r\n", " \t a\r\n", " a\r\n"},
    {"a tab between words", "a\tb\r\n", "a\tb\r\n", "a b\r\n"},
    {"blanks between words", "a  b \t c\r\n", "a  b \t c\r\n", "a b c\r\n"},
    {"a CR alone", "a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
    {"a CR alone, among blanks", "a \r b\r\n", "a \r b\r\n", "a \r b\r\n"},
    {"CRs before a line end", "a\r\r\r\n", "a\r\r\r\n", "a\r\r\r\n"},
    {"a CR on an empty line", "a\r\n\r\r\n", "a\r\n\r\r\n", "a\r\n\r\r\n"},
    {"an LF alone", "a\nb\r\n", "a\nb\r\n", "a\nb\r\n"},
    {"a blank before an LF alone", "a \nb\r\n", "a \nb\r\n", "a \nb\r\n"},
    {"LFs only", "\n\n\n", "\n\n\n\r\n", "\n\n\n\r\n"},
    {"LF and CR the wrong way round", "a\n\rb\r\n", "a\n\rb\r\n", "a\n\rb\r\n"},
    {"NUL, form feed, 8-bit", {"a\0\f\v\xff\xa0\r\n", 8}, {"a\0\f\v\xff\xa0\r\n", 8}, {"a\0\f\v\xff\xa0\r\n", 8}},
    {"a blank before a control character", {"a \0 \f\r\n", 7}, {"a \0 \f\r\n", 7}, {"a \0 \f\r\n", 7}},
    {"NUL at the end", {"a\0", 2}, {"a\0\r\n", 4}, {"a\0\r\n", 4}},
    {"a long line", long_line, long_line + "\r\n", long_line + "\r\n"},
    {"long lines and blanks", long_line + " \t" + long_line + " \r\n\r\n", long_line + " \t" + long_line + " \r\n",
     long_line + " " + long_line + "\r\n"},
    {"text", long_text + long_text + "\r\n" + long_text, long_text + long_text + "\r\n" + long_text,
     long_text + long_text + "\r\n" + long_text},
};

} // namespace

TEST_CASE("DkimCanonicalBody (RFC 6376 3.4.3, 3.4.4)")
{
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(canonical(simple, {c.body}) == c.want_simple);
        CHECK(canonical(relaxed, {c.body}) == c.want_relaxed);
        CHECK(by_the_book(simple, c.body) == c.want_simple);
        CHECK(by_the_book(relaxed, c.body) == c.want_relaxed);
    }
}

TEST_CASE("DkimCanonicalBody: chunks may end anywhere")
{
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const std::string_view body = c.body;
        for (const std::size_t size : {1, 2, 3, 63, 64, 65})
            for (const auto& [canonicalization, want] : {std::pair(simple, c.want_simple), {relaxed, c.want_relaxed}})
                CHECK(canonical(canonicalization, pieces(body, size)) == want);
        if (body.size() > 1000)
            continue;
        for (std::size_t at = 0; at <= body.size(); ++at) {
            CHECK(canonical(simple, {body.substr(0, at), body.substr(at)}) == c.want_simple);
            CHECK(canonical(relaxed, {body.substr(0, at), body.substr(at)}) == c.want_relaxed);
        }
    }
}

TEST_CASE("DkimCanonicalBody: what the search for blanks in blocks could miss")
{
    const std::string words(200, 'x');
    for (const std::string_view odd : {"\t", "  ", " \t", " \r\n", "\t\r\n", " ", "\r\n", "\r", "\n", " \r", " \n"}) {
        for (std::size_t at = 0; at <= words.size(); ++at) {
            CAPTURE(odd);
            CAPTURE(at);
            auto text = words;
            text.insert(at, odd);
            CHECK(canonical(relaxed, {text}) == by_the_book(relaxed, text));
            text.resize(at + odd.size()); // and it is the end
            CHECK(canonical(relaxed, {text}) == by_the_book(relaxed, text));
        }
    }
}

TEST_CASE("DkimCanonicalBody: whatever comes")
{
    std::mt19937 random(6376);
    const auto below = [&random](std::size_t limit) { return random() % limit; };
    const std::string_view parts[] = {" ", "\t", "\r", "\n", "\r\n", "\r\n", std::string_view("\0", 1), "x",
                                      "of some words", "\r\n\r\n", "  ", " \r\n"};
    for (int run = 0; run < 3000; ++run) {
        std::string text;
        for (auto count = below(run % 4 == 1 ? 300 : 60); count > 0; --count)
            text += parts[below(std::size(parts))];
        CAPTURE(text);
        const auto chunks = pieces(text, 1 + below(run % 2 == 0 ? 9 : 300));
        CHECK(canonical(simple, chunks) == by_the_book(simple, text));
        CHECK(canonical(relaxed, chunks) == by_the_book(relaxed, text));
    }
}

} // namespace postern
