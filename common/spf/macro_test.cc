#include "common/spf/macro.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

// RFC 7208 7.4
MacroValues example_values(std::string_view ip = "192.0.2.3")
{
    MacroValues values;
    values.ip = *parse_ip_address(ip);
    values.local_part = "strong-bad";
    values.sender_domain = "email.example.com";
    values.domain = "email.example.com";
    values.validated_name = "mx.example.org";
    values.helo = "mail.example.com";
    values.now = Timestamp(std::chrono::seconds(1'700'000'000));
    return values;
}

} // namespace

TEST_CASE("expand")
{
    struct Case {
        const char* input;
        const char* want;
        const char* ip = "192.0.2.3";
    };
    const Case cases[] = {
        // RFC 7208 7.4, all of it
        {"%{s}", "strong-bad@email.example.com"},
        {"%{o}", "email.example.com"},
        {"%{d}", "email.example.com"},
        {"%{d4}", "email.example.com"},
        {"%{d3}", "email.example.com"},
        {"%{d2}", "example.com"},
        {"%{d1}", "com"},
        {"%{dr}", "com.example.email"},
        {"%{d2r}", "example.email"},
        {"%{l}", "strong-bad"},
        {"%{l-}", "strong.bad"},
        {"%{lr}", "strong-bad"},
        {"%{lr-}", "bad.strong"},
        {"%{l1r-}", "strong"},
        {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
        {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
        {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
        {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
        {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
        {"%{ir}.%{v}._spf.%{d2}",
         "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example.com", "2001:db8::cb01"},
        // the other letters
        {"%{p}", "mx.example.org"},
        {"%{h}", "mail.example.com"},
        {"%{c}", "192.0.2.3"},
        {"%{c}", "2001:db8::cb01", "2001:DB8::CB01"},
        {"%{c} %{v}", "192.0.2.3 in-addr", "::ffff:192.0.2.3"},
        {"%{r}", "unknown"},
        {"%{t}", "1700000000"},
        // transformers and escapes
        {"%{S}", "strong-bad%40email.example.com"},
        {"%{L1R-}", "strong"},
        {"%{d99999999999999999999}", "email.example.com"},
        {"%{s-@}", nullptr},
        {"%{o.-}", "email.example.com"},
        {"%{s-r}", nullptr},
        {"%%%_%-", "% %20"},
        {"a%{d1}b", "acomb"},
        {"", ""},
        // not macros
        {"%", nullptr},
        {"%a", nullptr},
        {"%{", nullptr},
        {"%{}", nullptr},
        {"%{d", nullptr},
        {"%{x}", nullptr},
        {"%{d0}", nullptr},
        {"%{d00r}", nullptr},
        {"%{dr2}", nullptr},
        {"%{d!}", nullptr},
        {"%(d)", nullptr},
        {"\xc3\xa4", nullptr},
        {"a\tb", nullptr},
        {"a\x7f", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.input);
        const auto parsed = parse_macro_string(c.input, MacroPlace::explanation);
        CHECK(parsed.has_value() == (c.want != nullptr));
        if (parsed && c.want)
            CHECK(expand(*parsed, example_values(c.ip)) == c.want);
    }
}

TEST_CASE("parse_domain_spec")
{
    struct Case {
        const char* input;
        const char* want; // expanded as a name; nullptr: want an error
    };
    const Case cases[] = {
        {"example.org", "example.org"},
        {"example.org.", "example.org"},
        {"%{d}", "email.example.com"},
        {"%{d}.", nullptr}, // ".": no top label
        {"%{d}.com", "email.example.com.com"},
        {"foo:bar/baz.example.org", "foo:bar/baz.example.org"},
        {"a%%b.example.org", "a%b.example.org"},
        {"example.xn--zckzah", "example.xn--zckzah"},
        {"example.1a", "example.1a"},
        {"example.%%", "example.%"}, // ends in macro-expand: right by the grammar
        {"museum", nullptr},
        {"museum.", nullptr},
        {"192.0.2.1", nullptr},
        {"example.-com", nullptr},
        {"example.com-", nullptr},
        {"example.com/24", nullptr},
        {"example.c_m", nullptr},
        {"", nullptr},
        {".", nullptr},
        {"..", nullptr},
        {"exa mple.org", nullptr},
        {"%{c}.example.org", nullptr}, // RFC 7208 7.2: only in explanations
        {"%{R}", nullptr},
        {"%{t}", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.input);
        const auto parsed = parse_domain_spec(c.input);
        CHECK(parsed.has_value() == (c.want != nullptr));
        if (parsed && c.want)
            CHECK(expand_domain_spec(*parsed, example_values()) == c.want);
    }
    CHECK(parse_domain_spec("192.0.2.1").error().what == "\"192.0.2.1\" does not end in a top-level domain");
}

TEST_CASE("a name that is too long loses labels from the left")
{
    auto values = example_values();
    const std::string domain = std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + ".org";
    values.domain = domain; // 186 octets
    const auto spec = parse_domain_spec("%{d}.%{d}");
    CHECK(expand_domain_spec(*spec, values) == std::string(60, 'c') + ".org." + domain); // 251

    const std::string one_label(300, 'x'); // nothing can be taken off: it is for the asker to see
    values.domain = one_label;
    CHECK(expand_domain_spec(*parse_domain_spec("%{d}"), values) == one_label);
}

TEST_CASE("a record cannot make us write without end")
{
    auto values = example_values();
    std::string text;
    for (int i = 0; i < 20'000; ++i)
        text += "%{s}";
    const auto parsed = parse_macro_string(text, MacroPlace::explanation);
    CHECK(expand(*parsed, values).size() == 4096);
}

TEST_CASE("uses_macro")
{
    const auto parsed = parse_macro_string("p.%{P2}.s%%{l}", MacroPlace::explanation);
    CHECK(uses_macro(*parsed, 'p'));
    CHECK_FALSE(uses_macro(*parsed, 's'));
    CHECK_FALSE(uses_macro(*parsed, 'l')); // "%%" stands before it
}

} // namespace postern
