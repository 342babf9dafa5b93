#include "common/dnsbl/public_name.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("public_name: what others may read of a zone")
{
    struct Case {
        std::string_view zone, want;
    };
    const Case cases[] = {
        {"zen.spamhaus.org", "zen.spamhaus.org"},
        {"ZEN.spamhaus.org", "zen.spamhaus.org"},
        {"aip7yig6sahg6ehsohn5shco3z.zen.dq.spamhaus.net", "zen.spamhaus.org"},
        {"short.dbl.dq.spamhaus.net", "dbl.spamhaus.org"}, // before a list that we know anything is a key
        {"aip7yig6sahg6ehsohn5shco3z.new.dq.spamhaus.net", "spamhaus.org"},
        {"secret.zen.spamhaus.org", "zen.spamhaus.org"}, // postconf(5)
        {"0123456789abcdef0123456789abcdef.combined.mail.abusix.zone", "combined.mail.abusix.zone"},
        {"0123456789abcdef.bl.example.org", "bl.example.org"},
        {"x.0123456789abcdef.bl.example.org", "bl.example.org"}, // what stands before the key, too
        {"abcdefghijklmnopqrstuvwxyz.bl.example.org", "bl.example.org"},
        {"bl.example.org", "bl.example.org"},
        {"dnsbl-1.uceprotect.net", "dnsbl-1.uceprotect.net"},
        {"spameatingmonkeys.example.org", "spameatingmonkeys.example.org"}, // long, but words
        {"bl.0123456789abcdef.org", "bl.0123456789abcdef.org"},             // a domain that is registered is no secret
        {"0123456789abcdef", "0123456789abcdef"},
        {"", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.zone);
        CHECK(public_name(c.zone) == c.want);
    }
}

TEST_CASE("holds_key")
{
    CHECK(holds_key("aip7yig6sahg6ehsohn5shco3z.zen.dq.spamhaus.net"));
    CHECK(holds_key("secret.zen.spamhaus.org"));
    CHECK(holds_key("0123456789abcdef.bl.example.org"));
    CHECK_FALSE(holds_key("zen.spamhaus.org"));
    CHECK_FALSE(holds_key("zen.dq.spamhaus.net"));
    CHECK_FALSE(holds_key("bl.example.org"));
}

TEST_CASE("without_key: a text of the list itself")
{
    struct Case {
        const char* name;
        std::string_view text, zone, public_name, want;
    };
    const Case cases[] = {
        {"no key", "see zen.spamhaus.org", "zen.spamhaus.org", "zen.spamhaus.org", "see zen.spamhaus.org"},
        {"the zone", "2.0.0.127.K3y.zen.dq.spamhaus.net is listed", "k3y.zen.dq.spamhaus.net", "zen.spamhaus.org",
         "2.0.0.127.zen.spamhaus.org is listed"},
        {"the key alone", "https://example.org/?key=SECRET1&x=secret1", "secret1.bl.example.org", "bl.example.org",
         "https://example.org/?key=***&x=***"},
        {"nothing of it", "https://example.org/", "secret1.bl.example.org", "bl.example.org", "https://example.org/"},
        {"a name that the public one has, too", "bl.example.org", "secret1.bl.example.org", "bl.example.org",
         "bl.example.org"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(without_key(c.text, c.zone, c.public_name) == c.want);
    }
}

} // namespace postern
