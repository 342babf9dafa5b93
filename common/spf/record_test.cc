#include "common/spf/record.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("is_spf_record")
{
    for (const auto* text : {"v=spf1", "v=spf1 ", "V=SpF1 -all"})
        CHECK(is_spf_record(text));
    for (const auto* text : {"", "v=spf", "v=spf10", "v=spf1\t-all", " v=spf1", "v=spf2.0/pra", "v=DMARC1"})
        CHECK_FALSE(is_spf_record(text));
}

TEST_CASE("parse_spf_record reads every part")
{
    const std::string text = "v=spf1 ip4:192.0.2.0/24  -ip6:2001:db8::/33 ~a:%{d}/28//64 ?mx//96 PTR:example.org "
                             "include:_spf.%{d2} exists:%{ir}.sbl.example.org all x-new=%{c}/~ redirect=b.example.org "
                             "EXP=why.%{d} ";
    const auto record = parse_spf_record(text);
    REQUIRE(record.has_value());
    const auto& d = record->directives;
    REQUIRE(d.size() == 8);

    CHECK(d[0].text == "ip4:192.0.2.0/24");
    CHECK(d[0].result == SpfResult::pass);
    CHECK(d[0].mechanism == SpfMechanism::ip4);
    CHECK(d[0].network.address.text() == "192.0.2.0");
    CHECK(d[0].network.prefix == 24);
    CHECK(d[1].result == SpfResult::fail);
    CHECK(d[1].mechanism == SpfMechanism::ip6);
    CHECK(d[1].network.prefix == 33);
    CHECK(d[2].result == SpfResult::softfail);
    CHECK(d[2].mechanism == SpfMechanism::a);
    CHECK(d[2].domain_spec->size() == 1);
    CHECK(d[2].ip4_prefix == 28);
    CHECK(d[2].ip6_prefix == 64);
    CHECK(d[3].result == SpfResult::neutral);
    CHECK(d[3].mechanism == SpfMechanism::mx);
    CHECK_FALSE(d[3].domain_spec.has_value());
    CHECK(d[3].ip4_prefix == 32);
    CHECK(d[3].ip6_prefix == 96);
    CHECK(d[4].mechanism == SpfMechanism::ptr);
    CHECK(d[5].mechanism == SpfMechanism::include);
    CHECK(d[6].mechanism == SpfMechanism::exists);
    CHECK(d[7].mechanism == SpfMechanism::all);
    CHECK(record->redirect->front().literal == "b.example.org");
    CHECK(record->exp == "why.%{d}");
}

TEST_CASE("parse_spf_record finds a fault anywhere")
{
    struct Case {
        const char* terms;
        const char* want; // error after the term; nullptr: a sound record
    };
    const Case cases[] = {
        {"", nullptr},
        {"all", nullptr},
        {"moo.cow-far_out=man:dog/cat", nullptr},
        {"default=", nullptr},
        {"ip4:0.0.0.0/0", nullptr},
        {"ip6:::1.1.1.1/0", nullptr},
        {"a/0//0", nullptr},
        {"-all moo", "moo: unknown mechanism"},
        {"-all.", "-all.: takes no argument"},
        {"all/8", "all/8: takes no argument"},
        {"+-all", "+-all: unknown mechanism"},
        {"-", "-: unknown mechanism"},
        {"=all", "=all: unknown mechanism"},
        {"1up=foo", "1up=foo: unknown mechanism"},
        {"-exp=a.b", "-exp=a.b: unknown mechanism"},
        {"redirect:a.b", "redirect:a.b: unknown mechanism"},
        {"ipv4:192.0.2.1", "ipv4:192.0.2.1: unknown mechanism"},
        {"192.0.2.1", "192.0.2.1: unknown mechanism"},
        {"ip4", "ip4: there should be a colon and an address"},
        {"ip4:", "ip4:: not an IPv4 address"},
        {"ip4:1.2.3", "ip4:1.2.3: not an IPv4 address"},
        {"ip4:1.2.3.04", "ip4:1.2.3.04: not an IPv4 address"},
        {"ip4:1.2.3.4:25", "ip4:1.2.3.4:25: not an IPv4 address"},
        {"ip4:2001:db8::1", "ip4:2001:db8::1: not an IPv4 address"},
        {"ip4:1.2.3.4/33", "ip4:1.2.3.4/33: the prefix length is not between 0 and 32"},
        {"ip4:1.2.3.4/", "ip4:1.2.3.4/: the prefix length is not between 0 and 32"},
        {"ip4:1.2.3.4/08", "ip4:1.2.3.4/08: the prefix length is not between 0 and 32"},
        {"ip4:1.2.3.4//32", "ip4:1.2.3.4//32: the prefix length is not between 0 and 32"},
        {"ip4:1.2.3.4/99999999999", "ip4:1.2.3.4/99999999999: the prefix length is not between 0 and 32"},
        {"ip6:1.2.3.4", "ip6:1.2.3.4: not an IPv6 address"},
        {"ip6:IPv6:2001:db8::1", "ip6:IPv6:2001:db8::1: not an IPv6 address"},
        {"ip6:2001:db8::/129", "ip6:2001:db8::/129: the prefix length is not between 0 and 128"},
        {"a/33", "a/33: /33 is not an IPv4 prefix length"},
        {"a//129", "a//129: //129 is not an IPv6 prefix length"},
        {"a/24/64", "a/24/64: /64 is not an IPv4 prefix length"},
        {"a/", "a/: there should be a colon and a domain"},
        {"a:", "a:: the domain is missing"},
        {"mx:/24", "mx:/24: the domain is missing"},
        {"a:museum", "a:museum: \"museum\" does not end in a top-level domain"},
        {"ptr/0", "ptr/0: there should be a colon and a domain"},
        {"include", "include: there should be a colon and a domain"},
        {"exists:a.b/24", "exists:a.b/24: \"a.b/24\" does not end in a top-level domain"},
        {"exists:%(ir).a.b", "exists:%(ir).a.b: \"%(\" is not a macro"},
        {"redirect=", "redirect=: the domain is missing"},
        {"redirect=a.b redirect=c.d", "redirect=c.d: given twice"},
        {"exp=a.b EXP=a.b", "EXP=a.b: given twice"},
        {"exp=-all", "exp=-all: \"-all\" does not end in a top-level domain"},
        {"foo=%abc", "foo=%abc: \"%a\" is not a macro"},
        {"a:\xc3\xa4.b", "holds a character that is not printable ASCII"},
        {"a:b.c\t-all", "holds a character that is not printable ASCII"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.terms);
        const std::string text = std::string("v=spf1 ip4:192.0.2.1 ") + c.terms;
        const auto record = parse_spf_record(text);
        CHECK(record.has_value() == (c.want == nullptr));
        if (!record && c.want)
            CHECK(record.error().what == c.want);
    }
}

TEST_CASE("ip6 and IPv4-mapped addresses")
{
    const auto network = [](const std::string& text) { return parse_spf_record(text)->directives.front().network; };
    const auto v6 = *parse_ip_address("2001:db8::1");
    CHECK(network("v=spf1 ip6:::ffff:192.0.2.1/0").contains(v6)); // everything, as written
    CHECK_FALSE(network("v=spf1 ip6:::ffff:192.0.2.1/95").contains(v6));
    CHECK_FALSE(network("v=spf1 ip6:::ffff:192.0.2.1").contains(v6));
    CHECK(network("v=spf1 ip6:2001:db8::5/64").contains(v6)); // host bits may be set
}

} // namespace postern
