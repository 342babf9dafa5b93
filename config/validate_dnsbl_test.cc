#include "config/validate_dnsbl.h"

#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

constexpr auto key = "aip7yig6sahg6ehsohn5shco3z";

std::string sites(std::string_view list)
{
    return fmt::format("[dnsbl]\nsites = [{}]\n", list);
}

} // namespace

TEST_CASE("DNS lists: settings that cannot be read are told at their line, and none shows a key")
{
    const auto secret = fmt::format("{}.zen.dq.spamhaus.net", key);
    struct Case {
        const char* name;
        std::string toml, want;
    };
    const Case cases[] = {
        {"zone", sites("\"zen,spamhaus.org\""),
         "t:2: dnsbl.sites: what stands before filter and weight is not the domain name of a DNS list"},
        {"filter", sites(fmt::format("\"{}=127.0.0.[2..]\"", secret)),
         "t:2: dnsbl.sites: the filter \"127.0.0.[2..]\": a number from 0 to 255 is wanted after \"127.0.0.[2..\""},
        {"weight", sites(fmt::format("\"{}*much\"", secret)),
         "t:2: dnsbl.sites: the weight after \"*\" is not a whole number"},
        {"zone table", "[[dnsbl.zone]]\nsite = \"a b\"\n",
         "t:2: dnsbl.zone.site: what stands before filter and weight is not the domain name of a DNS list"},
        {"zone without site", "[[dnsbl.zone]]\ntype = \"helo\"\n", "t:1: dnsbl.zone: site is missing"},
        {"type", "[[dnsbl.zone]]\nsite = \"a\"\ntype = \"sender\"\n",
         "t:3: dnsbl.zone.type: \"sender\" is not one of: address, helo, client_name, sender_domain"},
        {"public name", "[[dnsbl.zone]]\nsite = \"a\"\npublic_name = \"a b\"\n",
         "t:3: dnsbl.zone.public_name: \"a b\" is not a domain name"},
        {"errors", "[[dnsbl.zone]]\nsite = \"a\"\nerrors = [\"127.0.0\"]\n",
         "t:3: dnsbl.zone.errors: \"127.0.0\": \".\" is wanted after \"127.0.0\""},
        {"template of a zone", "[[dnsbl.zone]]\nsite = \"a\"\nreply = \"go away\"\n",
         "t:3: dnsbl.zone.reply: must begin with $rbl_code or a code from 400 to 599"},
        {"template", "[dnsbl]\nreply = \"$rbl_code $rbl_what ${rbl_reason?\"\n",
         "t:2: dnsbl.reply: \"$\" is followed by a \"{\" that nothing closes"},
        {"no template", "[dnsbl]\nreply = \"\"\n", "t:2: dnsbl.reply: must not be empty"},
        {"action", "[dnsbl]\naction = \"drop\"\n", "t:2: dnsbl.action: \"drop\" is not one of: warn, reject, defer"},
        {"threshold", "[dnsbl]\nthreshold = 0\n", "t:2: dnsbl.threshold: 0 is not between 1 and 100000"},
        {"allow threshold", "[dnsbl]\nallow_threshold = 1\n",
         "t:2: dnsbl.allow_threshold: 1 is not between -100000 and 0"},
        {"code", "[dnsbl]\nreject_code = 450\n", "t:2: dnsbl.reject_code: 450 is not between 500 and 599"},
        {"map", "[dnsbl]\nreply_map = \"texthash:/x\"\n",
         "t:2: dnsbl.reply_map: \"texthash:/x\" is not an absolute path"},
        {"TTLs", "[dnsbl]\nmin_ttl = \"2h\"\n",
         "t:2: dnsbl.min_ttl: dnsbl.max_ttl must not be shorter than dnsbl.min_ttl"},
        {"thresholds", "[dnsbl]\nthreshold = 2\ndefer_threshold = 2\n",
         "t:3: dnsbl.defer_threshold: dnsbl.defer_threshold must be below dnsbl.threshold"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto loaded = read_config({"t", c.toml});
        REQUIRE_FALSE(loaded);
        REQUIRE(loaded.error().size() == 1);
        CHECK(loaded.error()[0].what == c.want);
        CHECK(loaded.error()[0].what.find(key) == std::string::npos);
    }
}

TEST_CASE("DNS lists: named in the environment")
{
    const Environment environment{{"POSTERN_DNSBL_SITES", "zen.spamhaus.org=127.0.0.[2;4..11]*2, bl.example.org"},
                                  {"POSTERN_DNSBL_ZONE_1_SITE", "rhsbl.example.org=127.0.0.2*-3"},
                                  {"POSTERN_DNSBL_ZONE_1_TYPE", "helo"}};
    const auto loaded = read_config({"t", "", environment});
    REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error()[0].what));
    CHECK(loaded->config.dnsbl.sites == Texts{"zen.spamhaus.org=127.0.0.[2;4..11]*2", "bl.example.org"});
    REQUIRE(loaded->config.dnsbl.zones.size() == 1);
    CHECK(loaded->config.dnsbl.zones[0].site == "rhsbl.example.org=127.0.0.2*-3");
    CHECK(loaded->config.dnsbl.zones[0].type == DnsblZoneType::helo);
    CHECK(loaded->config.dnsbl.zones[0].self_test);

    const auto faulty = read_config({"t", "", {{"POSTERN_DNSBL_SITES", fmt::format("{}.zen.dq.spamhaus.net*x", key)}}});
    REQUIRE_FALSE(faulty);
    CHECK(faulty.error()[0].what == "environment: POSTERN_DNSBL_SITES: the weight after \"*\" is not a whole number");
}

TEST_CASE("DNS lists: what is odd is warned of, without a key")
{
    const auto secret = fmt::format("{}.zen.dq.spamhaus.net", key);
    struct Case {
        const char* name;
        std::string toml;
        Texts want;
    };
    const Case cases[] = {
        {"none", "", {}},
        {"nothing odd",
         sites("\"zen.spamhaus.org*2\", \"list.dnswl.org*-2\"") + "threshold = 2\nallow_threshold = -2\n",
         {}},
        {"switched off", sites("\"ix.dnsbl.manitu.net\"") + "enable = false\n", {}},
        {"never reached", sites("\"bl.example.org\"") + "threshold = 2\n",
         {"t:3: dnsbl.threshold: the weights of all lists add up to 1: dnsbl.threshold (2) is never reached"}},
        {"never allowed", sites("\"bl.example.org\"") + "allow_threshold = -1\n",
         {"t:3: dnsbl.allow_threshold: the negative weights add up to 0: dnsbl.allow_threshold (-1) is never reached"}},
        {"cut short", sites("\"bl.example.org\"") + "timeout = \"30s\"\n",
         {"t:3: dnsbl.timeout: dnsbl.timeout (30s) is cut short by policyd.deadline (20s)"}},
        {"twice", sites(fmt::format("\"{0}*2\", \"{0}\"", secret)),
         {"t:2: dnsbl.sites: zen.spamhaus.org stands there twice, and counts twice"}},
        {"with two filters", sites("\"bl.example.org=127.0.0.2\", \"bl.example.org=127.0.0.3\""), {}},
        {"twice, the other in a table", sites("\"bl.example.org\"") + "[[dnsbl.zone]]\nsite = \"bl.example.org\"\n",
         {"t:3: dnsbl.zone: bl.example.org stands there twice, and counts twice"}},
        {"twice, with a key that only the operator knows for one",
         "[[dnsbl.zone]]\nsite = \"secret.example.org\"\npublic_name = \"bl.example.org\"\n"
         "[[dnsbl.zone]]\nsite = \"secret.example.org\"\npublic_name = \"bl.example.org\"\n",
         {"t:4: dnsbl.zone: bl.example.org stands there twice, and counts twice"}},
        {"twice, for other names",
         "[[dnsbl.zone]]\nsite = \"rhsbl.example.org\"\ntype = \"helo\"\n"
         "[[dnsbl.zone]]\nsite = \"rhsbl.example.org\"\ntype = \"sender_domain\"\n", {}},
        {"closed", sites("\"ix.dnsbl.manitu.net\""), {"t:2: dnsbl.sites: ix.dnsbl.manitu.net is closed: since 2025"}},
        {"addresses to a domain list", sites(fmt::format("\"{}.dbl.dq.spamhaus.net\"", key)),
         {"t:2: dnsbl.sites: dbl.spamhaus.org lists domains, not addresses: it belongs in a [[dnsbl.zone]] of another "
          "type"}},
        {"domains to an address list", "[[dnsbl.zone]]\nsite = \"zen.spamhaus.org\"\ntype = \"helo\"\n",
         {"t:1: dnsbl.zone: zen.spamhaus.org lists addresses, not domains"}},
        {"not asked", sites("\"bl.example.org\"") + "[policyd]\nchecks = [\"spf\"]\n",
         {"t:4: policyd.checks: does not name dnsbl: its lists are not asked"}},
        {"public resolver", sites("\"bl.example.org\", \"zen.spamhaus.org\"") + "[dns]\nservers = [\"8.8.8.8\"]\n",
         {"t:4: dns.servers: 8.8.8.8 is Google's public resolver, and zen.spamhaus.org refuses those: have a resolver "
          "of your own, or a key of the list"}},
        {"public resolver, IPv6", sites("\"list.dnswl.org\"") + "[dns]\nservers = [\"[2606:4700:4700::1111]:53\"]\n",
         {"t:4: dns.servers: [2606:4700:4700::1111]:53 is Cloudflare's public resolver, and list.dnswl.org refuses "
          "those: have a resolver of your own, or a key of the list"}},
        {"public resolver, with a key", sites(fmt::format("\"{}\"", secret)) + "[dns]\nservers = [\"8.8.8.8\"]\n", {}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto loaded = read_config({"t", c.toml});
        REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error()[0].what));
        CHECK(loaded->warnings == c.want);
    }
}

} // namespace postern
