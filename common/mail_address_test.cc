#include "common/mail_address.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_mail_address")
{
    struct Case {
        const char* name;
        std::string_view input;
        std::string_view want_local_part;
        std::string_view want_domain;
    };
    const Case cases[] = {
        {"plain", "user@example.org", "user", "example.org"},
        {"in brackets", "<user@example.org>", "user", "example.org"},
        {"the domain is lower-cased, the local part is not", "User@Example.ORG", "User", "example.org"},
        {"null sender", "<>", "", ""},
        {"empty", "", "", ""},
        {"no domain", "postmaster", "postmaster", ""},
        {"@ and nothing behind", "user@", "user", ""},
        {"no local part", "@example.org", "", "example.org"},
        {"@ in quotes", "\"a@b\"@example.org", "\"a@b\"", "example.org"},
        {"last dot", "user@example.org.", "user", "example.org"},
        {"address literal", "user@[IPv6:2001:DB8::1]", "user", "[ipv6:2001:db8::1]"},
        {"underscore", "user@_my_host.example", "user", "_my_host.example"},
        {"source route", "<@a.example,@b.example:user@c.example>", "user", "c.example"},
        {"colon without a route", "a:b@c.example", "a:b", "c.example"},
        {"SMTPUTF8", "j\xc3\xb6rg@B\xc3\x9c"
                     "cher.example",
         "j\xc3\xb6rg", "xn--bcher-kva.example"},
        {"local part is not UTF-8", "j\xf6rg@example.org", "j\xf6rg", "example.org"},
        {"domain is not UTF-8: as sent", "user@B\xfc"
                                         "cher.example.",
         "user", "b\xfc"
                 "cher.example"},
        {"half a bracket", "<user@example.org", "<user", "example.org"},
        {"NUL", {"u\0@e\0.org", 9}, {"u\0", 2}, {"e\0.org", 6}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_mail_address(c.input);
        CHECK(got.local_part == c.want_local_part);
        CHECK(got.domain == c.want_domain);
    }
}

TEST_CASE("MailAddress::text and is_null")
{
    CHECK(parse_mail_address("<User@Example.org>").text() == "User@example.org");
    CHECK(parse_mail_address("postmaster").text() == "postmaster");
    CHECK(parse_mail_address("<>").text() == "");
    CHECK(parse_mail_address("<>").is_null());
    CHECK_FALSE(parse_mail_address("postmaster").is_null());
    CHECK_FALSE(parse_mail_address("@example.org").is_null());
}

TEST_CASE("to_a_labels")
{
    struct Case {
        const char* name;
        std::string_view input;
        const char* want; // nullptr: want an error
    };
    const std::string long_label(64, 'a');
    const std::string long_unicode = "\xc3\xbc" + std::string(70, 'a') + ".example";
    const std::string far_too_long = "\xc3\xbc" + std::string(100'000, 'a');
    const Case cases[] = {
        {"ASCII", "Example.ORG", "example.org"},
        {"last dot", "example.org.", "example.org"},
        {"A-label", "XN--bcher-kva.example", "xn--bcher-kva.example"},
        {"an A-label that is none passes: it is only text", "xn--\x7f.example", "xn--\x7f.example"},
        {"underscores", "_dmarc.example.org", "_dmarc.example.org"},
        {"underscore beside a U-label", "_dmarc.b\xc3\xbc"
                                        "cher.example",
         "_dmarc.xn--bcher-kva.example"},
        {"odd ASCII passes", "-a..b c!", "-a..b c!"},
        {"a long ASCII label passes", long_label, long_label.c_str()},
        {"empty", "", ""},
        {"the root", ".", ""},
        {"U-label, upper case", "B\xc3\x9c"
                                "CHER.Example.",
         "xn--bcher-kva.example"},
        {"sharp s is a letter (not transitional)", "fa\xc3\x9f.example", "xn--fa-hia.example"},
        {"final sigma is a letter", "\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.example", "xn--nxasmm1c.example"},
        {"not composed", "bu\xcc\x88"
                         "cher.example",
         "xn--bcher-kva.example"},
        {"ideographic full stop", "\xe4\xbe\x8b\xe3\x80\x82\xe6\xb5\x8b\xe8\xaf\x95", "xn--fsq.xn--0zwm56d"},
        {"right to left", "\xd7\x90\xd7\x91.example", "xn--4dbc.example"},
        {"not UTF-8", "b\xfc"
                      "cher.example",
         nullptr},
        {"U+FF20 would become an @", "a\xef\xbc\xa0"
                                     "b.example",
         nullptr},
        {"U+2100 would become a/c", "\xe2\x84\x80.example", nullptr},
        {"disallowed: a symbol", "\xe2\x98\x83\xef\xb8\x8f\xe2\x98\x83.example", nullptr},
        {"begins with a combining mark", "\xcc\x88"
                                         "a.example",
         nullptr},
        {"NUL", {"\xc3\xbc\0.example", 11}, nullptr},
        {"label too long", long_unicode, nullptr},
        {"far too long", far_too_long, nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = to_a_labels(c.input);
        CHECK(got.has_value() == (c.want != nullptr));
        if (got && c.want)
            CHECK(*got == c.want);
        if (!got)
            CHECK(got.error().what.find("is not a domain name") != std::string::npos);
    }
}

} // namespace postern
