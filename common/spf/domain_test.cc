#include "common/spf/domain.h"

#include <doctest/doctest.h>
#include <string>

namespace postern {

TEST_CASE("is_spf_domain and is_askable")
{
    const std::string label63(63, 'a'), label64(64, 'a');
    const std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'a');
    struct Case {
        const char* name;
        std::string input;
        bool want_spf_domain;
        bool want_askable;
    };
    const Case cases[] = {
        {"plain", "example.org", true, true},
        {"upper case", "Example.ORG", true, true},
        {"underscore", "_spf.example.org", true, true},
        {"one label", "localhost", false, true},
        {"empty", "", false, false},
        {"dot alone", ".", false, false},
        {"dot first", ".example.org", false, false},
        {"empty label", "example..org", false, false},
        {"last dot, which is taken off before", "example.org.", false, false},
        {"label of 63", label63 + ".org", true, true},
        {"label of 64", label64 + ".org", false, false},
        {"253 octets", name253, true, true},
        {"254 octets", name253 + "a", false, false},
        {"address literal", "[192.0.2.1]", false, true},
        {"IPv6 literal", "[IPv6:2001:db8::1]", false, true},
        {"blank", "exa mple.org", false, true},
        {"not ASCII", "ex\xc3\xa4mple.org", false, false},
        {"NUL", std::string("example\0.org", 12), false, false},
        {"line end", "example.org\n", false, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(is_spf_domain(c.input) == c.want_spf_domain);
        CHECK(is_askable(c.input) == c.want_askable);
    }
}

TEST_CASE("is_within")
{
    struct Case {
        const char* name;
        const char* domain;
        bool want;
    };
    const Case cases[] = {
        {"example.org", "example.org", true},      {"mail.example.org", "example.org", true},
        {"MAIL.Example.org.", "example.ORG", true}, {"mail.example.org", "example.org.", true},
        {"mail.bad-example.org", "example.org", false}, {"example.org", "mail.example.org", false},
        {"org", "example.org", false},             {"", "example.org", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CAPTURE(c.domain);
        CHECK(is_within(c.name, c.domain) == c.want);
    }
}

} // namespace postern
