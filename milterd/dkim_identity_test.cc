#include "milterd/dkim_identity.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("write_identity")
{
    struct Case {
        const char* text;
        const char* want; // or the beginning of the Error
        bool is_good;
    };
    const Case cases[] = {
        {"joe@example.org", "joe@example.org", true},
        {"@example.org", "@example.org", true},
        {"@Mail.Example.ORG", "@mail.example.org", true},
        {"a;b=c d@example.org", "a=3Bb=3Dc=20d@example.org", true},
        {"\"a@b\"@example.org", "\"a@b\"@example.org", true},
        {"j\xc3\xb6@example.org", "j=C3=B6@example.org", true},
        {"joe@badexample.org", "identity joe@badexample.org is not of example.org or a domain below it", false},
        {"joe@org", "identity joe@org is not of example.org", false},
        {"joe@example.net", "identity joe@example.net is not of example.org", false},
        {"example.org", "\"example.org\" is no identity: ", false},
        {"", "\"\" is no identity: ", false},
        {"joe@", "\"joe@\" is no identity: ", false},
        {"joe@exa mple.org", "\"joe@exa mple.org\" is no identity: ", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto got = write_identity(c.text, "example.org");
        CHECK(got.has_value() == c.is_good);
        CHECK((got ? *got : got.error().what).starts_with(c.want));
    }
    CHECK(*write_identity("@b\xc3\xbc" "cher.example", "xn--bcher-kva.example") == "@xn--bcher-kva.example");
}

} // namespace postern
