#include "common/network_list.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

using Entries = std::vector<std::string>;

bool holds(const Entries& entries, std::string_view client, std::string_view client_name = "unknown")
{
    const auto list = NetworkList::parse(entries);
    REQUIRE(list);
    const auto address = parse_ip_address(client);
    return list->contains(address ? std::optional(*address) : std::nullopt, client_name);
}

} // namespace

TEST_CASE("networks")
{
    struct Case {
        const char* name;
        Entries entries;
        std::string_view client;
        bool want;
    };
    const Case cases[] = {
        {"nobody", {}, "192.0.2.1", false},
        {"an address", {"192.0.2.1"}, "192.0.2.1", true},
        {"another address", {"192.0.2.1"}, "192.0.2.2", false},
        {"first of a network", {"192.0.2.0/24"}, "192.0.2.0", true},
        {"last of a network", {"192.0.2.0/24"}, "192.0.2.255", true},
        {"one before", {"192.0.2.0/24"}, "192.0.1.255", false},
        {"one behind", {"192.0.2.0/24"}, "192.0.3.0", false},
        {"IPv6", {"2001:db8::/32"}, "2001:db8:ffff::1", true},
        {"IPv6 in brackets", {"[2001:db8::]/32"}, "2001:db9::", false},
        {"mapped is IPv4", {"192.0.2.0/24"}, "::ffff:192.0.2.1", true},
        {"all of IPv4 is not IPv6", {"0.0.0.0/0"}, "::1", false},
        {"all of IPv4", {"0.0.0.0/0"}, "255.255.255.255", true},
        {"all of IPv6 is not IPv4", {"::/0"}, "0.0.0.0", false},
        {"all of both", {"::/0", "0.0.0.0/0"}, "0.0.0.0", true},
        {"inside a larger one, behind a smaller one in it", {"10.0.0.0/8", "10.1.0.0/16"}, "10.2.0.1", true},
        {"deep nesting", {"10.1.2.3", "10.0.0.0/8", "10.1.2.0/24", "10.1.0.0/16"}, "10.255.0.0", true},
        {"twice the same", {"10.0.0.0/8", "10.0.0.0/8"}, "10.0.0.1", true},
        {"between two", {"10.0.0.0/24", "10.0.2.0/24"}, "10.0.1.0", false},
        {"same start, wider wins", {"10.0.0.0", "10.0.0.0/24"}, "10.0.0.9", true},
        {"no address", {"0.0.0.0/0", "::/0"}, "unknown", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(holds(c.entries, c.client) == c.want);
    }
}

TEST_CASE("names")
{
    struct Case {
        const char* name;
        Entries entries;
        std::string_view client_name;
        bool want;
    };
    const Case cases[] = {
        {"a host", {"mail.example.org"}, "mail.example.org", true},
        {"case", {"Mail.Example.ORG"}, "mAIL.example.org", true},
        {"last dots", {"mail.example.org."}, "mail.example.org.", true},
        {"a host is not the hosts below it", {"example.org"}, "mail.example.org", false},
        {"a domain: below", {".example.org"}, "mail.example.org", true},
        {"a domain: far below", {".example.org"}, "a.b.c.example.org", true},
        {"a domain is not the host of that name", {".example.org"}, "example.org", false},
        {"both", {".example.org", "example.org"}, "example.org", true},
        {"ends so, but another domain", {".example.org"}, "badexample.org", false},
        {"top-level domain", {".org"}, "example.org", true},
        {"one label", {"localhost"}, "localhost", true},
        {"underscore", {"my_host.example"}, "my_host.example", true},
        {"U-label in the list", {".b\xc3\xbc"
                                 "cher.example"},
         "mx.xn--bcher-kva.example", true},
        {"unknown is no name", {"unknown"}, "unknown", false},
        {"none", {".example.org"}, "", false},
        {"not a name", {".example.org"}, "\xff.example.org", false},
        {"a dot alone", {".example.org"}, ".", false},
        {"between networks", {"10.0.0.0/8", "mail.example.org", "::1"}, "mail.example.org", true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(holds(c.entries, "192.0.2.1", c.client_name) == c.want);
    }
}

TEST_CASE("exclusions: the smallest network, the longest name, and a no of either")
{
    const Entries entries = {"192.0.2.0/24", "!192.0.2.64/26", "192.0.2.70", "!2001:db8::1", "2001:db8::/32",
                             ".example.org", "!.guests.example.org", "desk.guests.example.org", "!198.51.100.0/24",
                             "203.0.113.1", "!203.0.113.1", "twice.example", "!twice.example"};
    struct Case {
        const char* name;
        const char* client;
        const char* client_name;
        bool want;
    };
    const Case cases[] = {
        {"in the network", "192.0.2.1", "unknown", true},
        {"in the part that is excluded", "192.0.2.65", "unknown", false},
        {"last of it", "192.0.2.127", "unknown", false},
        {"behind it", "192.0.2.128", "unknown", true},
        {"an exception of the exception", "192.0.2.70", "unknown", true},
        {"IPv6", "2001:db8::2", "unknown", true},
        {"IPv6, excluded", "2001:db8::1", "unknown", false},
        {"a name", "233.252.0.1", "mail.example.org", true},
        {"a name that is excluded", "233.252.0.1", "a.guests.example.org", false},
        {"an exception of the exception, by name", "233.252.0.1", "desk.guests.example.org", true},
        {"its name says yes, its address no", "198.51.100.1", "mail.example.org", false},
        {"its address says yes, its name no", "192.0.2.1", "a.guests.example.org", false},
        {"an excluded name without address", "unknown", "a.guests.example.org", false},
        {"yes and no to one address", "203.0.113.1", "unknown", false},
        {"yes and no to one name", "233.252.0.1", "twice.example", false},
        {"nothing is said of it", "233.252.0.1", "mail.example.net", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(holds(entries, c.client, c.client_name) == c.want);
    }
    CHECK_FALSE(holds({"!192.0.2.1"}, "192.0.2.2")); // exclusions alone hold nobody
}

TEST_CASE("load: files among the entries, all faults with their lines")
{
    const ReadText read = [](const std::string& path) -> Result<std::string> {
        if (path == "/hosts")
            return "192.0.2.0/24 # ours\n\n!192.0.2.7\n";
        if (path == "/bad")
            return "192.0.2.1\n192.0.2.300\n# fine\na..b\n";
        return fail("{}: No such file or directory", path);
    };
    std::vector<Error> faults;
    const auto list = NetworkList::load(Entries{"file:/hosts", "::1"}, "trust.networks", read, faults);
    CHECK(faults.empty());
    CHECK(list.contains(*parse_ip_address("192.0.2.1")));
    CHECK(!list.contains(*parse_ip_address("192.0.2.7")));
    CHECK(list.contains(*parse_ip_address("::1")));

    NetworkList::load(Entries{"/bad", "1.2.3", "/none"}, "trust.networks", read, faults);
    std::vector<std::string> texts;
    for (const auto& fault : faults)
        texts.push_back(fault.what);
    CHECK(texts
          == Entries{"trust.networks: /none: No such file or directory",
                     "/bad:2: \"192.0.2.300\" is not an IP address or network",
                     "/bad:4: \"a..b\" is not a network, a host name or a .domain",
                     "trust.networks: \"1.2.3\" is not an IP address or network"});
}

TEST_CASE("an entry that cannot be understood is shown")
{
    struct Case {
        std::string entry;
        std::string_view want;
    };
    const Case cases[] = {
        {"", "\"\" is not a network, a host name or a .domain"},
        {".", "\".\" is not a network, a host name or a .domain"},
        {"*.example.org", "\"*.example.org\" is not a network, a host name or a .domain"},
        {"!", "\"\" is not a network, a host name or a .domain"},
        {"!!192.0.2.1", "\"!192.0.2.1\" is not an IP address or network"},
        {"!192.0.2.1/24", "\"192.0.2.1/24\": host bits are set; perhaps 192.0.2.0/24"},
        {"a..b", "\"a..b\" is not a network, a host name or a .domain"},
        {"a b", "\"a b\" is not a network, a host name or a .domain"},
        {"a@b", "\"a@b\" is not a network, a host name or a .domain"},
        {"\xff", "\"?\" is not a network, a host name or a .domain"},
        {"192.0.2.300", "\"192.0.2.300\" is not an IP address or network"},
        {"192.0.2", "\"192.0.2\" is not an IP address or network"},
        {"192.0.2.0/33", "\"192.0.2.0/33\": the prefix length is not between 0 and 32"},
        {"192.0.2.1/24", "\"192.0.2.1/24\": host bits are set; perhaps 192.0.2.0/24"},
        {"example.org/24", "\"example.org/24\" is not an IP address or network"},
        {"fe80::1%eth0", "\"fe80::1%eth0\" is not an IP address or network"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.entry);
        const auto got = NetworkList::parse(Entries{"192.0.2.0/24", c.entry, "mail.example.org"});
        REQUIRE_FALSE(got);
        CHECK(got.error().what == c.want);
    }
}

TEST_CASE("empty")
{
    CHECK(NetworkList().empty());
    CHECK_FALSE(NetworkList().contains(std::nullopt));
    CHECK_FALSE(NetworkList::parse(Entries{"::1"})->empty());
    CHECK_FALSE(NetworkList::parse(Entries{"localhost"})->empty());
}

TEST_CASE("many networks give the same answer as asking each")
{
    Entries entries;
    struct Listed {
        IpNetwork network;
        bool is_excluded;
    };
    std::vector<Listed> networks;
    std::uint32_t state = 1;
    const auto random = [&] { return state = state * 1664525u + 1013904223u; };
    const auto address = [&](std::uint32_t bits) {
        return IpAddress::v4({static_cast<std::uint8_t>(10), static_cast<std::uint8_t>(bits >> 24),
                              static_cast<std::uint8_t>(bits >> 16), static_cast<std::uint8_t>(bits >> 8)});
    };
    for (int i = 0; i < 1000; ++i) {
        const int prefix = 14 + static_cast<int>(random() >> 27) % 19;
        networks.push_back({{address(random()).masked(prefix), prefix}, random() >> 30 == 0});
        entries.push_back(fmt::format("{}{}/{}", networks.back().is_excluded ? "!" : "",
                                      networks.back().network.address.text(), prefix));
    }
    const auto list = NetworkList::parse(entries);
    REQUIRE(list);
    int inside = 0;
    for (int i = 0; i < 2000; ++i) {
        const auto client = address(random());
        int longest = -1;
        bool want = false;
        for (const auto& n : networks)
            if (n.network.contains(client) && n.network.prefix >= longest) {
                want = !n.is_excluded && (want || n.network.prefix > longest);
                longest = n.network.prefix;
            }
        CHECK(list->contains(client) == want);
        inside += want;
    }
    CHECK(inside > 100);
    CHECK(inside < 1900);
}

} // namespace postern
