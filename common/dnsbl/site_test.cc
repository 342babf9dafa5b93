#include "common/dnsbl/site.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_dnsbl_site: zone, filter and weight as Postfix takes them")
{
    struct Case {
        std::string_view text;
        std::string_view want_zone;
        bool want_filter;
        int want_weight;
        std::string_view want_key;
    };
    const Case cases[] = {
        {"zen.spamhaus.org=127.0.0.[2..11]*2", "zen.spamhaus.org", true, 2, "zen.spamhaus.org=127.0.0.[2..11]"},
        {"list.dnswl.org=127.[0..255].[0..255].[1..3]*-2", "list.dnswl.org", true, -2,
         "list.dnswl.org=127.[0..255].[0..255].[1..3]"},
        {"bl.example.org", "bl.example.org", false, 1, "bl.example.org"},
        {"BL.Example.ORG.", "bl.example.org", false, 1, "bl.example.org"},
        {"bl.example.org*3", "bl.example.org", false, 3, "bl.example.org"},
        {"bl.example.org*0", "bl.example.org", false, 0, "bl.example.org"},
        {"bl.example.org*+3", "bl.example.org", false, 3, "bl.example.org"},
        {"bl.example.org* 3", "bl.example.org", false, 3, "bl.example.org"},
        {" bl.example.org ", "bl.example.org", false, 1, "bl.example.org"},
        {"a_b.example.org", "a_b.example.org", false, 1, "a_b.example.org"},
        {"bl.example.org=[127.0.0.2]", "bl.example.org", true, 1, "bl.example.org=[127.0.0.2]"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto site = parse_dnsbl_site(c.text);
        REQUIRE(site);
        CHECK(site->zone == c.want_zone);
        CHECK(site->filter.has_value() == c.want_filter);
        CHECK(site->weight == c.want_weight);
        CHECK(site->key == c.want_key);
    }
}

TEST_CASE("parse_dnsbl_site: faults, none of which shows the zone")
{
    const std::string key = "aip7yig6sahg6ehsohn5shco3z";
    struct Case {
        std::string text, want;
    };
    const Case cases[] = {
        {"", "what stands before filter and weight is not the domain name of a DNS list"},
        {key + "..zen.dq.spamhaus.net", "what stands before filter and weight is not the domain name of a DNS list"},
        {key + " zen.dq.spamhaus.net", "what stands before filter and weight is not the domain name of a DNS list"},
        {std::string(64, 'a') + ".org", "what stands before filter and weight is not the domain name of a DNS list"},
        {key + ".zen.dq.spamhaus.net=127.0.0", "the filter \"127.0.0\": \".\" is wanted after \"127.0.0\""},
        {"=" + key + ".zen.dq.spamhaus.net",
         "what stands before filter and weight is not the domain name of a DNS list"},
        {"zen=" + key, "the filter holds what is neither a number nor one of \".;[]\""},
        {key + ".zen.dq.spamhaus.net*", "the weight after \"*\" is not a whole number"},
        {"zen*" + key, "the weight after \"*\" is not a whole number"},
        {"zen*1.5", "the weight after \"*\" is not a whole number"},
        {"zen*+-1", "the weight after \"*\" is not a whole number"},
        {"zen*99999999999999", "the weight after \"*\" is not a whole number"},
        {"zen*10001", "the weight 10001 is not between -10000 and 10000"},
        {"zen=127.0.0.2=127.0.0.3", "the filter holds what is neither a number nor one of \".;[]\""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto site = parse_dnsbl_site(c.text);
        REQUIRE_FALSE(site);
        CHECK(site.error().what == c.want);
        CHECK(check_dnsbl_site(c.text).error().what.find(key) == std::string::npos);
    }
}

} // namespace postern
