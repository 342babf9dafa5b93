#include "policyd/dnsbl_list.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

DnsblZone zone_of(std::string site)
{
    DnsblZone zone;
    zone.site = std::move(site);
    zone.self_test = true;
    return zone;
}

std::string expanded(const DnsblList::Rule& rule)
{
    return rule.reply->expand([](std::string_view name) { return name; });
}

} // namespace

TEST_CASE("make_dnsbl_lists: one a zone and kind, with all its rules")
{
    DnsblSettings settings;
    settings.reply = "550 usual";
    settings.sites = {"bl.example.org=127.0.0.2*2", "list.dnswl.org*-1", "BL.example.org=127.0.0.3*-3"};
    settings.zones = {zone_of("bl.example.org"), zone_of("bl.example.org")};
    settings.zones[1].type = DnsblZoneType::helo;
    settings.zones[1].self_test = false;

    const auto lists = make_dnsbl_lists(settings, {});

    REQUIRE(lists.size() == 3);
    CHECK(lists[0].zone == "bl.example.org");
    CHECK(lists[0].rules.size() == 3);
    CHECK(lists[0].highest() == 3);
    CHECK(lists[0].lowest() == -3);
    CHECK(lists[0].self_test);
    CHECK(lists[1].zone == "list.dnswl.org");
    CHECK(lists[1].rules[0].filter.has_value()); // what dnswl.org itself says of listings
    CHECK(lists[2].type == DnsblZoneType::helo);
    CHECK_FALSE(lists[2].self_test);
    CHECK_FALSE(lists[2].rules[0].filter.has_value());
}

TEST_CASE("make_dnsbl_lists: the name that is shown")
{
    struct Case {
        const char* name;
        std::string zone, public_name;
        std::map<std::string, std::string, std::less<>> map;
        std::string want;
    };
    const std::string secret = "aip7yig6sahg6ehsohn5shco3z.zen.dq.spamhaus.net";
    const Case cases[] = {
        {"itself", "bl.example.org", "", {}, "bl.example.org"},
        {"without the key", secret, "", {}, "zen.spamhaus.org"},
        {"by the map", secret, "", {{secret, "zen.example"}}, "zen.example"},
        {"by the map, no key to see", "pw.bl.example.org", "", {{"pw.bl.example.org", "bl.example.org"}},
         "bl.example.org"},
        {"as set", secret, "mine.example", {{secret, "zen.example"}}, "mine.example"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        DnsblSettings settings;
        settings.zones = {zone_of(c.zone)};
        settings.zones[0].public_name = c.public_name;
        CHECK(make_dnsbl_lists(settings, {c.map, {}}).at(0).public_name == c.want);
    }
}

TEST_CASE("make_dnsbl_lists: those that are called the same are numbered")
{
    DnsblSettings settings;
    settings.sites = {"aip7yig6sahg6ehsohn5shco3z.zen.dq.spamhaus.net", "bl.example.org",
                      "bip7yig6sahg6ehsohn5shco3z.zen.dq.spamhaus.net*2", "zen.spamhaus.org"};
    settings.zones = {zone_of("bl.example.org"), zone_of("cip7yig6sahg6ehsohn5shco3z.dbl.dq.spamhaus.net")};
    settings.zones[0].type = DnsblZoneType::helo;
    settings.zones[1].public_name = "zen.spamhaus.org";

    std::string got;
    for (const auto& list : make_dnsbl_lists(settings, {}))
        got += list.public_name + " " + std::to_string(list.number) + "\n";
    CHECK(got == "zen.spamhaus.org 1\nbl.example.org 1\nzen.spamhaus.org 2\nzen.spamhaus.org 3\nbl.example.org 1\n"
                 "zen.spamhaus.org 4\n");
}

TEST_CASE("make_dnsbl_lists: the template of a rule")
{
    DnsblSettings settings;
    settings.reply = "550 usual";
    settings.zones = {zone_of("a.example=127.0.0.2"), zone_of("a.example=127.0.0.3"), zone_of("b.example"),
                      zone_of("c.example")};
    settings.zones[3].reply = "550 own";
    const DnsblTables tables{{}, {{"a.example=127.0.0.2", "550 filter"}, {"a.example", "550 zone"},
                                  {"c.example", "550 table"}}};
    const auto lists = make_dnsbl_lists(settings, tables);
    CHECK(expanded(lists.at(0).rules.at(0)) == "550 filter");
    CHECK(expanded(lists.at(0).rules.at(1)) == "550 zone");
    CHECK(expanded(lists.at(1).rules.at(0)) == "550 usual");
    CHECK(expanded(lists.at(2).rules.at(0)) == "550 own");
}

} // namespace postern
