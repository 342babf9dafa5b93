#include "common/dnsbl/known_lists.h"

#include "common/dnsbl/public_resolvers.h"
#include "common/dnsbl/reply_filter.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("find_known_list: a list and what stands below it")
{
    struct Case {
        std::string_view zone;
        const char* want; // nullptr: not known
    };
    const Case cases[] = {
        {"zen.spamhaus.org", "zen.spamhaus.org"},
        {"Zen.Spamhaus.Org", "zen.spamhaus.org"},
        {"key.zen.dq.spamhaus.net", "zen.dq.spamhaus.net"},
        {"key.other.dq.spamhaus.net", "dq.spamhaus.net"},
        {"notzen.spamhaus.org", nullptr},
        {"spamhaus.org", nullptr},
        {"bl.example.org", nullptr},
        {"", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.zone);
        const auto* const got = find_known_list(c.zone);
        CHECK((got != nullptr) == (c.want != nullptr));
        if (got && c.want)
            CHECK(got->zone == c.want);
    }
}

TEST_CASE("known lists: an error answer is no listing, and patterns can be read")
{
    for (const auto* zone : {"zen.spamhaus.org", "dbl.spamhaus.org", "x.dbl.dq.spamhaus.net", "x.zrd.dq.spamhaus.net",
                             "list.dnswl.org", "multi.surbl.org", "multi.uribl.com", "black.uribl.com",
                             "hostkarma.junkemailfilter.com", "bl.mailspike.net", "dnsbl.dronebl.org"}) {
        CAPTURE(zone);
        const auto* const list = find_known_list(zone);
        REQUIRE(list);
        const auto listings = ReplyFilter::parse(list->listings);
        REQUIRE(listings);
        for (const auto* error : {"127.255.255.252", "127.255.255.254", "127.255.255.255", "127.0.0.1"})
            CHECK((list->zone == "list.dnswl.org" && std::string_view(error) == "127.0.0.1")
                  == listings->matches(*parse_ip_address(error)));
        if (list->errors.empty())
            continue;
        const auto errors = ReplyFilter::parse(list->errors);
        REQUIRE(errors);
        CHECK_FALSE(errors->matches(*parse_ip_address("127.0.0.2")));
        CHECK_FALSE(errors->matches(*parse_ip_address("127.0.1.2")));
    }
}

TEST_CASE("known lists: the answers that their operators have published")
{
    struct Case {
        std::string_view zone;
        std::vector<const char*> listings, others; // others: good, neutral, refused, or never given
    };
    const Case cases[] = {
        {"zen.spamhaus.org", // docs.spamhaus.com: available zones
         {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.9", "127.0.0.10", "127.0.0.11", "127.0.0.30"},
         {"127.0.0.1", "127.0.0.20", "127.0.1.2", "127.255.255.254"}},
        {"sbl.spamhaus.org", {"127.0.0.2", "127.0.0.3", "127.0.0.9", "127.0.0.30"}, {"127.0.0.4", "127.0.0.10"}},
        {"xbl.spamhaus.org", {"127.0.0.4"}, {"127.0.0.2", "127.0.0.10", "127.0.0.30"}},
        {"pbl.spamhaus.org", {"127.0.0.10", "127.0.0.11"}, {"127.0.0.2", "127.0.0.4"}},
        {"sbl-xbl.spamhaus.org", {"127.0.0.2", "127.0.0.4", "127.0.0.30"}, {"127.0.0.10", "127.0.0.11"}},
        {"k.authbl.dq.spamhaus.net", {"127.0.0.20"}, {"127.0.0.2"}},
        {"dbl.spamhaus.org", {"127.0.1.2", "127.0.1.4", "127.0.1.5", "127.0.1.6"},
         {"127.0.1.102", "127.0.1.103", "127.0.1.104", "127.0.1.105", "127.0.1.106", "127.0.1.255", "127.0.0.2"}},
        {"k.zrd.dq.spamhaus.net", {"127.0.2.2", "127.0.2.24"}, {"127.0.2.255"}},
        {"bl.mailspike.net", {"127.0.0.2", "127.0.0.10", "127.0.0.12"}, {"127.0.0.13", "127.0.0.15", "127.0.0.20"}},
        {"rep.mailspike.net", {"127.0.0.10", "127.0.0.12"}, {"127.0.0.14", "127.0.0.15", "127.0.0.18", "127.0.0.20"}},
        {"wl.mailspike.net", {"127.0.0.17", "127.0.0.20"}, {"127.0.0.10", "127.0.0.16"}},
        {"k.combined.mail.abusix.zone",
         {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.11", "127.0.0.12", "127.0.0.200"}, {"127.0.0.1"}},
        {"k.black.mail.abusix.zone", {"127.0.0.2", "127.0.0.3", "127.0.0.200"}, {"127.0.0.4", "127.0.0.11"}},
        {"k.exploit.mail.abusix.zone", {"127.0.0.4"}, {"127.0.0.11"}},
        {"k.dynamic.mail.abusix.zone", {"127.0.0.11", "127.0.0.12"}, {"127.0.0.4"}},
        {"k.dblack.mail.abusix.zone", {"127.0.1.1", "127.0.1.2", "127.0.1.3"}, {"127.0.0.2"}},
        {"list.dnswl.org", {"127.0.2.0", "127.0.5.1", "127.0.10.0", "127.0.15.3"}, {"127.0.0.255", "127.0.5.4"}},
        {"multi.uribl.com", {"127.0.0.2", "127.0.0.4", "127.0.0.8", "127.0.0.14"}, {"127.0.0.1"}},
        {"black.uribl.com", {"127.0.0.2"}, {"127.0.0.1"}},
        {"multi.surbl.org", {"127.0.0.8", "127.0.0.16", "127.0.0.64", "127.0.0.80", "127.0.0.128"}, {"127.0.0.1"}},
        {"hostkarma.junkemailfilter.com", {"127.0.0.2"}, {"127.0.0.1", "127.0.0.3", "127.0.0.4", "127.0.0.5"}},
        {"dnsbl.dronebl.org", {"127.0.0.3", "127.0.0.13", "127.0.0.255"}, {"127.0.0.1"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.zone);
        const auto* const list = find_known_list(c.zone);
        REQUIRE(list);
        const auto filter = ReplyFilter::parse(list->listings);
        REQUIRE(filter);
        for (const auto* answer : c.listings)
            CHECK_MESSAGE(filter->matches(*parse_ip_address(answer)), answer);
        for (const auto* answer : c.others)
            CHECK_FALSE_MESSAGE(filter->matches(*parse_ip_address(answer)), answer);
    }
}

TEST_CASE("public_resolver_of")
{
    struct Case {
        const char* address;
        std::string_view want;
    };
    const Case cases[] = {
        {"8.8.8.8", "Google"},       {"2001:4860:4860::8888", "Google"},
        {"1.1.1.1", "Cloudflare"},   {"2606:4700:4700::1111", "Cloudflare"},
        {"9.9.9.9", "Quad9"},        {"2620:fe::fe", "Quad9"},
        {"208.67.222.222", "OpenDNS"}, {"127.0.0.1", ""},
        {"::1", ""},                 {"192.0.2.53", ""},
        {"8.8.8.9", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.address);
        CHECK(public_resolver_of(*parse_ip_address(c.address)) == c.want);
    }
}

} // namespace postern
