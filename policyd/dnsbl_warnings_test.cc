#include "policyd/dnsbl_warnings.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("dnsbl_warnings: a public resolver of the system")
{
    struct Case {
        const char* name;
        Texts sites, servers;
        std::string resolv_conf;
        std::string want; // empty: none
    };
    const std::string warned = "/etc/resolv.conf: 8.8.8.8 is Google's public resolver, and zen.spamhaus.org refuses "
                               "those: have a resolver of your own, or a key of the list";
    const Case cases[] = {
        {"it is", {"bl.example.org", "zen.spamhaus.org"}, {}, "search x\nnameserver 8.8.8.8\n", warned},
        {"the second", {"zen.spamhaus.org"}, {}, "nameserver 127.0.0.1\n nameserver\t8.8.8.8", warned},
        {"it is not", {"zen.spamhaus.org"}, {}, "nameserver 127.0.0.53\n", ""},
        {"a comment", {"zen.spamhaus.org"}, {}, "#nameserver 8.8.8.8\n", ""},
        {"no matter to the list", {"bl.example.org"}, {}, "nameserver 8.8.8.8\n", ""},
        {"no matter with a key", {"0123456789abcdef0123.zen.dq.spamhaus.net"}, {}, "nameserver 8.8.8.8\n", ""},
        {"others are asked", {"zen.spamhaus.org"}, {"127.0.0.1"}, "nameserver 8.8.8.8\n", ""},
        {"no lists", {}, {}, "nameserver 8.8.8.8\n", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Config config;
        config.dnsbl.enable = true;
        config.dnsbl.sites = c.sites;
        config.dns.servers = c.servers;
        const auto got = dnsbl_warnings(config, c.resolv_conf);
        CHECK(got.size() == (c.want.empty() ? 0 : 1));
        if (!got.empty())
            CHECK(got[0] == c.want);
    }
}

} // namespace postern
