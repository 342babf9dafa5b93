#include "milterd/clamd_addresses.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("what is known of an address")
{
    struct Case {
        const char* text;
        bool want_look_up;
        std::size_t want_known;
        int want_family;
    };
    const Case cases[] = {
        {"unix:/run/clamd", false, 1, AF_UNIX},
        {"inet:127.0.0.1:3310", false, 1, AF_INET},
        {"inet:[2001:db8::1]:3310", false, 1, AF_INET6},
        {"inet:clamd.example:3310", true, 0, 0},
        {"inet:localhost:3310", true, 0, 0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto address = parse_socket_address(c.text);
        REQUIRE(address.has_value());
        CHECK(needs_look_up(*address) == c.want_look_up);
        const auto known = known_endpoints(*address);
        REQUIRE(known.size() == c.want_known);
        if (!known.empty())
            CHECK(known[0].address.ss_family == c.want_family);
    }
    const auto name = parse_socket_address("inet:clamd.example:3310");
    CHECK(clamd_endpoints(*name, {IpAddress::v4({127, 0, 0, 1}), *parse_ip_address("::1")}).size() == 2);
}

TEST_CASE("addresses_in_hosts")
{
    constexpr std::string_view hosts = "# hosts(5)\n127.0.0.1\tlocalhost\n192.0.2.7 other clamd # clamd2\n\n"
                                       "nonsense clamd\n 2001:db8::7 CLAMD other\r\nclamd";
    const auto texts = [&](std::string_view name) {
        std::string text;
        for (const auto& address : addresses_in_hosts(hosts, name))
            text += address.text() + " ";
        return text;
    };
    CHECK(texts("clamd") == "192.0.2.7 2001:db8::7 ");
    CHECK(texts("clamd2") == "");
    CHECK(texts("localhost") == "127.0.0.1 ");
    CHECK(texts("nobody") == "");
}

TEST_CASE("look_up_with: the loopback has a name without the DNS, and the DNS has its time")
{
    ResolverThread dns; // not configured: it says "ask again later" to everything
    const auto look_up = look_up_with(dns);
    CHECK(look_up("LocalHost").get().size() == 2);
    CHECK(look_up("clamd.example").get().empty());
    CHECK(look_up("b\xff" "cher.example").get().empty());
}

} // namespace postern
