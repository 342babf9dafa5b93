#include "milterd/dkim_header.h"

#include "milterd/dkim_signature.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("covered_fields takes the last field of a name first (RFC 6376 5.4.2)")
{
    const std::vector<std::string> names = {"received", "from", "received", "to", "subject", "received"};
    struct Case {
        const char* name;
        std::vector<std::string> signed_fields;
        std::vector<std::size_t> want_positions;
    };
    const Case cases[] = {
        {"one of each", {"from", "subject"}, {1, 4}},
        {"whatever the case", {"From", "SUBJECT"}, {1, 4}},
        {"one of three", {"received"}, {5}},
        {"two of three", {"received", "received"}, {2, 5}},
        {"more than there are", {"received", "received", "received", "received"}, {0, 2, 5}},
        {"not there", {"cc", "bcc"}, {}},
        {"oversigned", {"from", "from"}, {1}},
        {"none", {}, {}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(covered_fields(names, c.signed_fields) == c.want_positions);
    }
}

TEST_CASE("field_names are in lower case")
{
    CHECK(field_names({{"From", " a"}, {"SUBJECT", " b"}}) == std::vector<std::string>{"from", "subject"});
}

TEST_CASE("wire_text has CRLF in its folds")
{
    CHECK(wire_text({"Subject", " hello"}) == "Subject: hello");
    CHECK(wire_text({"Subject", ""}) == "Subject:");
    CHECK(wire_text({"Subject", "\n\thello\n  world"}) == "Subject:\r\n\thello\r\n  world");
    CHECK(wire_text({"Subject", " a\r\n\tb"}) == "Subject: a\r\n\tb");
    CHECK(wire_text({"X", std::string(" a\0b", 4)}) == std::string("X: a\0b", 6));
}

TEST_CASE("is_misread_when_relaxed")
{
    struct Case {
        const char* name;
        std::string value;
        bool want_misread;
    };
    const Case cases[] = {
        {"plain", " hello", false},
        {"blanks and tabs", " \t a \t b ", false},
        {"fold", "\n\ta", false},
        {"fold with CRLF", " a\r\n b", false},
        {"8-bit", " \xc3\xa9\xff", false},
        {"other control characters", " \x01\x1b\x7f", false},
        {"form feed", " a\fb", true},
        {"vertical tab", " a\vb", true},
        {"NUL", std::string(" a\0b", 4), true},
        {"lone CR", " a\rb", true},
        {"CR at the end", " a\r", true},
        {"CR twice", " a\r\r\n b", true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(is_misread_when_relaxed({"X", c.value}) == c.want_misread);
    }
}

TEST_CASE("no signature can cover the uncoverable field")
{
    const auto name = uncoverable_field.substr(0, uncoverable_field.find(':'));
    const auto signature = parse_dkim_signature("v=1; a=rsa-sha256; d=example.org; s=s; h=from:" + std::string(name)
                                                + "; bh=YQ==; b=YQ==");
    CHECK(signature.fault == "h= is not a list of field names");
}

} // namespace postern
