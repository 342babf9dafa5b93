#include "container/networks.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("networks_without: what is left around one address")
{
    struct Case {
        const char* name;
        std::vector<std::string> networks;
        const char* address;
        std::vector<std::string> want;
    };
    const Case cases[] = {
        {"a small network", {"192.0.2.0/30"}, "192.0.2.1", {"192.0.2.2/31", "192.0.2.0/32"}},
        {"the address alone", {"192.0.2.1/32", "198.51.100.0/24"}, "192.0.2.1", {"198.51.100.0/24"}},
        {"in none of them", {"192.0.2.0/30", ".example.org"}, "198.51.100.1", {"192.0.2.0/30", ".example.org"}},
        {"IPv6", {"2001:db8::/126"}, "2001:db8::3", {"2001:db8::/127", "2001:db8::2/128"}},
        {"of the other family", {"[::1]/128"}, "192.0.2.1", {"[::1]/128"}},
        {"no address", {"192.0.2.0/30"}, "here", {"192.0.2.0/30"}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(networks_without(c.networks, c.address) == c.want);
    }
    CHECK(networks_without({"172.16.0.0/12"}, "172.17.0.1").size() == 20);
}

} // namespace postern
