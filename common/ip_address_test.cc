#include "common/ip_address.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_ip_address")
{
    struct Case {
        const char* name;
        std::string_view input;
        const char* want; // nullptr: want an error
    };
    const Case cases[] = {
        {"IPv4", "192.0.2.1", "192.0.2.1"},
        {"IPv6", "2001:DB8::1", "2001:db8::1"},
        {"IPv4-mapped is IPv4", "::ffff:192.0.2.1", "192.0.2.1"},
        {"address literal tag", "IPv6:2001:db8::1", "2001:db8::1"},
        {"unknown", "unknown", nullptr},
        {"leading zeros", "192.0.02.1", nullptr},
        {"three octets", "192.0.2", nullptr},
        {"blank after", "192.0.2.1 ", nullptr},
        {"NUL after", {"192.0.2.1\0", 10}, nullptr},
        {"zone", "fe80::1%eth0", nullptr},
        {"empty", "", nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = parse_ip_address(c.input);
        CHECK(got.has_value() == (c.want != nullptr));
        if (got && c.want)
            CHECK(got->text() == c.want);
    }
}

TEST_CASE("reversed names")
{
    CHECK(parse_ip_address("192.0.2.1")->reverse_name() == "1.2.0.192.in-addr.arpa");
    CHECK(parse_ip_address("2001:db8::1")->reverse_name()
          == "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST_CASE("parse_ip_network and contains")
{
    struct Case {
        const char* network;
        const char* address;
        bool want;
    };
    const Case cases[] = {
        {"192.0.2.0/24", "192.0.2.255", true},       {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.7", "192.0.2.7", true},            {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},         {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"[2001:db8::]/33", "2001:db8:8000::1", false}, {"::/0", "192.0.2.1", false},
        {"192.0.2.128/25", "192.0.2.127", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.network);
        CAPTURE(c.address);
        const auto network = parse_ip_network(c.network);
        REQUIRE(network.has_value());
        CHECK(network->contains(*parse_ip_address(c.address)) == c.want);
    }
    for (const auto* bad : {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/8x", "2001:db8::/129", "example.org", ""})
        CHECK_FALSE(parse_ip_network(bad).has_value());
    CHECK(parse_ip_network("192.0.2.1/24").error().what == "\"192.0.2.1/24\": host bits are set; perhaps 192.0.2.0/24");
}

TEST_CASE("is_private")
{
    for (const auto* text : {"0.0.0.0", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
                             "169.254.0.1", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "::", "::1",
                             "::ffff:10.1.2.3", "fc00::", "fdff::1", "fe80::1", "febf::1"}) {
        CAPTURE(text);
        CHECK(is_private(*parse_ip_address(text)));
    }
    for (const auto* text : {"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.0.0.1",
                             "128.0.0.1", "169.253.0.1", "172.15.255.255", "172.32.0.0", "192.167.0.1", "192.169.0.1",
                             "192.0.2.1", "198.51.100.1", "203.0.113.1", "::2", "::ffff:192.0.2.1", "2001:db8::1",
                             "fbff::1", "fe00::1", "fec0::1"}) {
        CAPTURE(text);
        CHECK_FALSE(is_private(*parse_ip_address(text)));
    }
}

} // namespace postern
