#include "milterd/auth_results.h"

#include "test/strict_auth_results.h"

#include <doctest/doctest.h>
#include <sstream>

namespace postern {
namespace {

// What a sender may put anywhere: each separator of the grammar, and what breaks lines.
const std::string nasty[] = {
    "",
    " ",
    "a b",
    ";",
    "; dkim=pass header.d=paypal.com",
    "\"",
    "\\",
    "\\\"",
    "(",
    ")",
    ")(",
    "((",
    "a) dkim=pass (",
    "=",
    ".",
    "@",
    "@@",
    "a@b@c",
    "<a@b>",
    "/",
    "[1.2.3.4]",
    "a\nb",
    "a\r\nb",
    "a\r\n\r\nbody",
    "\n",
    "\r",
    "\t",
    "\n\tx",
    std::string("a\0b", 3),
    std::string("\0", 1),
    "\x1b[2J",
    "\x7f",
    "\xff\xfe",
    "\xc3\xa9",
    "\xed\xa0\x80",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "=?utf-8?q?=0A?=",
    "reason=x",
    "none",
    "a,b",
    "a:b",
    ".a@b",
    "a.@b",
    "a@-b",
    "a@b.",
    "a..b@c",
    std::string(1000, 'x'),
    std::string(1000, '"'),
    std::string(1000, ')'),
    std::string(399, 'x') + "\xc3\xa9",
};

// The octets that a reader gets back: by the header file, one '?' for each that may not stand there.
std::string survivor(std::string text, std::size_t limit)
{
    text = text.substr(0, limit);
    for (char& c : text)
        if (c < 0x20 || c > 0x7e)
            c = '?';
    return text;
}

std::size_t longest_line(const std::string& text)
{
    std::size_t longest = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        longest = std::max(longest, line.size());
    return longest;
}

} // namespace

TEST_CASE("write_auth_results")
{
    struct Case {
        const char* name;
        std::vector<AuthResult> results;
        std::string want;
    };
    const Case cases[] = {
        {"nothing", {}, "mx.example.com; none"},
        {"SPF",
         {{"spf", "pass", "", "", {{"smtp", "mailfrom", "alice@example.org"}}}},
         "mx.example.com;\n\tspf=pass smtp.mailfrom=alice@example.org"},
        {"a comment and a reason",
         {{"dkim", "fail", "2048-bit key", "body changed", {{"header", "d", "example.org"}}}},
         "mx.example.com;\n\tdkim=fail (2048-bit key) reason=\"body changed\" header.d=example.org"},
        {"two results",
         {{"dkim", "none", "", "", {}}, {"spf", "none", "", "", {{"smtp", "helo", "example.org"}}}},
         "mx.example.com;\n\tdkim=none;\n\tspf=none smtp.helo=example.org"},
        {"a long line is folded between words",
         {{"dkim",
           "pass",
           "",
           "",
           {{"header", "d", "example.org"},
            {"header", "i", "@example.org"},
            {"header", "s", "selector"},
            {"header", "b", "abc+def/"}}}},
         "mx.example.com;\n\tdkim=pass header.d=example.org header.i=@example.org "
         "header.s=selector\n\theader.b=\"abc+def/\""},
        {"a value that needs quotes",
         {{"spf", "pass", "", "", {{"smtp", "mailfrom", "a \"b\"@example.org"}}}},
         "mx.example.com;\n\tspf=pass smtp.mailfrom=\"a \\\"b\\\"@example.org\""},
        {"an empty value",
         {{"spf", "none", "", "", {{"smtp", "helo", ""}}}},
         "mx.example.com;\n\tspf=none smtp.helo=\"\""},
        {"a comment that would end itself",
         {{"spf", "fail", "x) dkim=pass (y\\", "", {}}},
         "mx.example.com;\n\tspf=fail (x\\) dkim=pass \\(y\\\\)"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(write_auth_results("mx.example.com", c.results) == c.want);
    }
}

TEST_CASE("write_auth_results: nothing breaks out of any part, and all can be read back")
{
    for (const auto& text : nasty) {
        CAPTURE(text);
        const std::vector<AuthResult> results = {
            {"dkim", "pass", text, text, {{"header", "d", text}, {"header", "i", "@" + text}}},
            {"spf", "fail", text, text, {{"smtp", "mailfrom", text + "@example.org"}}},
        };
        const auto field = write_auth_results("mx.example.com", results);
        CAPTURE(field);
        CHECK(longest_line(field) <= 998); // RFC 5322 2.1.1
        const auto read = strict::parse_auth_results(field);
        REQUIRE(read);
        REQUIRE(read->results.size() == 2);
        CHECK(read->authserv_id == "mx.example.com");
        for (std::size_t i = 0; i < results.size(); ++i) {
            CHECK(read->results[i].method == results[i].method);
            CHECK(read->results[i].result == results[i].result);
            CHECK(read->results[i].comment == survivor(text, 200));
            CHECK(read->results[i].reason == survivor(text, 200));
            REQUIRE(read->results[i].properties.size() == results[i].properties.size());
            for (std::size_t p = 0; p < results[i].properties.size(); ++p) {
                CHECK(read->results[i].properties[p].ptype == results[i].properties[p].ptype);
                CHECK(read->results[i].properties[p].property == results[i].properties[p].property);
                CHECK(read->results[i].properties[p].value == survivor(results[i].properties[p].value, 400));
            }
        }

        // Keywords and the id are ours, but no harm may come of them either.
        const auto odd = write_auth_results(text, {{text, text, "", "", {{text, text, "x"}}}});
        CAPTURE(odd);
        const auto odd_read = strict::parse_auth_results(odd);
        REQUIRE(odd_read);
        CHECK(odd_read->authserv_id == survivor(text, 400));
        CHECK(odd_read->results.size() == 1);
    }
}

TEST_CASE("write_auth_results: UTF-8 only where the mail has it, and only well-formed")
{
    struct Case {
        const char* name;
        std::string value;
        std::string want_utf8;
    };
    const Case cases[] = {
        {"two octets", "\xc3\xa9@example.org", "\xc3\xa9@example.org"},
        {"three octets", "\xe2\x82\xac", "\xe2\x82\xac"},
        {"four octets", "\xf0\x9f\x93\xa7", "\xf0\x9f\x93\xa7"},
        {"a lone tail", "a\xa9", "a?"},
        {"a cut character", "a\xe2\x82", "a??"},
        {"overlong", "\xc0\x8a\xe0\x80\x8a\xf0\x80\x80\x8a", "?????????"},
        {"a surrogate", "\xed\xa0\x80", "???"},
        {"above U+10FFFF", "\xf4\x90\x80\x80", "????"},
        {"a C1 control", "\xc2\x85", "??"},
        {"cut at a character by the limit", std::string(399, 'x') + "\xc3\xa9", std::string(399, 'x')},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const std::vector<AuthResult> results = {{"spf", "pass", "", "", {{"smtp", "mailfrom", c.value}}}};
        const auto utf8 = strict::parse_auth_results(write_auth_results("mx.example.com", results, FieldCharset::utf8));
        REQUIRE(utf8);
        CHECK(utf8->results[0].properties[0].value == c.want_utf8);
        const auto ascii = strict::parse_auth_results(write_auth_results("mx.example.com", results));
        REQUIRE(ascii);
        CHECK(ascii->results[0].properties[0].value == survivor(c.value, 400));
    }
}

TEST_CASE("read_authserv_id")
{
    struct Case {
        const char* name;
        std::string_view value;
        const char* want;
    };
    const Case cases[] = {
        {"as we write it", " mx.example.com; none", "mx.example.com"},
        {"with a version", " mx.example.com 1; spf=pass", "mx.example.com"},
        {"capitals", " MX.Example.COM; spf=pass", "mx.example.com"},
        {"folded before", "\n\tmx.example.com; spf=pass", "mx.example.com"},
        {"folded with CR LF, and again", "\r\n \r\n\t mx.example.com\r\n ; spf=pass", "mx.example.com"},
        {"a comment in front", " (a comment) mx.example.com; none", "mx.example.com"},
        {"comments in comments", " (a (b) c)(d)\n\t(e) mx.example.com; none", "mx.example.com"},
        {"an escaped bracket in a comment", " (a \\) other.example; ) mx.example.com; none", "mx.example.com"},
        {"a comment right behind", " mx.example.com(c); none", "mx.example.com"},
        {"quoted", " \"mx.example.com\"; none", "mx.example.com"},
        {"quoted, with blanks", " \" mx.example.com \"; none", "mx.example.com"},
        {"quoted, each character escaped", " \"\\m\\x.example.com\"; none", "mx.example.com"},
        {"quoted, folded inside", " \"mx.exa\r\n mple.com\"; none", "mx.exa mple.com"},
        {"quoted, not closed", " \"mx.example.com", "mx.example.com"},
        {"a last dot", " mx.example.com.; none", "mx.example.com"},
        {"no semicolon", " mx.example.com", "mx.example.com"},
        {"no blank", "mx.example.com;none", "mx.example.com"},
        {"a version by a slash", " mx.example.com/1; none", "mx.example.com"},
        {"U-labels",
         " b\xc3\xbc"
         "cher.example; none",
         "xn--bcher-kva.example"},
        {"U-labels in capitals and quotes",
         " \"B\xc3\x9c"
         "CHER.example\"; none",
         "xn--bcher-kva.example"},
        {"A-labels in capitals", " XN--BCHER-KVA.example; none", "xn--bcher-kva.example"},
        {"not UTF-8", " m\xff.example; none", "m\xff.example"},
        {"no id, the first result at once", " spf=pass smtp.mailfrom=example.org; dkim=none", ""},
        {"the same, spaced", " spf (x) = pass", ""},
        {"only a comment", " (mx.example.com", ""},
        {"a comment that never ends", " (((((", ""},
        {"only a semicolon", " ; none", ""},
        {"blank", " \n\t ", ""},
        {"empty", "", ""},
        {"a quote alone", "\"", ""},
        {"a backslash at the end of a quote", "\"\\", "\\"},
        {"a backslash at the end of a comment", "(\\", ""},
        {"NUL", {" mx\0.example.com", 16}, "mx"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(read_authserv_id(c.value) == c.want);
    }
}

TEST_CASE("read_authserv_id reads what write_auth_results writes")
{
    for (const char* id : {"mx.example.com", "mx", "a b", "m\"x", "a/b", "a;b", "(x)"}) {
        CAPTURE(id);
        CHECK(read_authserv_id(write_auth_results(id, {})) == id);
        CHECK(read_authserv_id(write_auth_results(id, {{"spf", "pass", "c", "r", {}}})) == id);
    }
}

} // namespace postern
