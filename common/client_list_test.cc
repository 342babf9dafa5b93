#include "common/client_list.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

ClientList list_of(std::initializer_list<std::string_view> entries)
{
    std::vector<ClientEntry> parsed;
    for (const auto entry : entries) {
        auto one = parse_client_entry(entry);
        REQUIRE_MESSAGE(one.has_value(), (one ? "" : one.error().what));
        parsed.push_back(std::move(*one));
    }
    return ClientList(std::move(parsed));
}

bool contains(const ClientList& list, const char* address, std::string_view name)
{
    return list.has_name(name) || list.has_address(*parse_ip_address(address)) || list.matches(name);
}

} // namespace

TEST_CASE("ClientList: one entry")
{
    struct Case {
        const char* entry;
        const char* address;
        const char* client_name;
        bool want;
    };
    const Case cases[] = {
        // a domain and what is below it
        {"example.org", "192.0.2.1", "example.org", true},
        {"example.org", "192.0.2.1", "a.b.Example.ORG", true},
        {"EXAMPLE.org", "192.0.2.1", "mx.example.org", true},
        {"example.org", "192.0.2.1", "myexample.org", false},
        {"example.org", "192.0.2.1", "example.org.example.net", false},
        {"example.org", "192.0.2.1", "unknown", false},
        {"mail.example.org", "192.0.2.1", "example.org", false},
        {"b\xc3\xbc"
         "cher.example",
         "192.0.2.1", "mx.xn--bcher-kva.example", true},
        {"unknown", "192.0.2.1", "unknown", true}, // all that have no name
        // IPv4
        {"192.0.2.1", "192.0.2.1", "unknown", true},
        {"192.0.2.1", "192.0.2.2", "unknown", false},
        {"192.0.2.0/25", "192.0.2.127", "unknown", true},
        {"192.0.2.0/25", "192.0.2.128", "unknown", false},
        {"192.0.2.77/24", "192.0.2.1", "unknown", true}, // bits behind the prefix do not count
        {"0.0.0.0/0", "203.0.113.9", "unknown", true},
        {"192.0.2", "192.0.2.200", "unknown", true},
        {"192.0.2", "192.0.3.1", "unknown", false},
        {"10.20", "10.20.3.4", "unknown", true}, // as documented; postgrey 1.37 makes a /24 of it
        {"10.20", "10.21.0.1", "unknown", false},
        // IPv6
        {"2001:db8::1", "2001:db8::1", "unknown", true},
        {"2001:db8::1", "2001:db8::2", "unknown", false},
        {"2001:DB8::/32", "2001:db8:ffff::1", "unknown", true},
        {"2001:db8::/32", "2001:db9::1", "unknown", false},
        {"::ffff:192.0.2.1", "192.0.2.1", "unknown", true},
        // regular expressions look at the name alone
        {"/^mx\\d+\\.example\\.org$/", "192.0.2.1", "MX12.example.org", true},
        {"/^mx\\d+\\.example\\.org$/", "192.0.2.1", "mx.example.org", false},
        {"/192\\.0/", "192.0.2.1", "unknown", false},
        {"/^unknown$/", "192.0.2.1", "unknown", true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.entry);
        CAPTURE(c.client_name);
        CHECK(contains(list_of({c.entry}), c.address, c.client_name) == c.want);
    }
}

TEST_CASE("ClientList: networks inside others, and beside them")
{
    const auto list = list_of({"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.0.2.0/24", "2001:db8::/48", "2001:db8::/32"});
    for (const auto* in : {"10.0.0.0", "10.1.2.3", "10.255.255.255", "192.0.2.255", "2001:db8:ffff::"})
        CHECK(list.has_address(*parse_ip_address(in)));
    for (const auto* out : {"9.255.255.255", "11.0.0.0", "192.0.1.255", "192.0.3.0", "2001:db9::", "::"})
        CHECK_FALSE(list.has_address(*parse_ip_address(out)));
    CHECK_FALSE(ClientList().has_address(*parse_ip_address("192.0.2.1")));
}

TEST_CASE("parse_client_entry: what it is not")
{
    struct Case {
        const char* entry;
        const char* want;
    };
    const Case cases[] = {
        {"192.0.2.0/33", "\"192.0.2.0/33\": the length must be between 0 and 32"},
        {"2001:db8::/x", "\"2001:db8::/x\": the length must be between 0 and 128"},
        {"192.0.2.256", "\"192.0.2.256\" is not an address or a network"},
        {"10.300", "\"10.300\" is not the beginning of an IPv4 address"},
        {"10", "\"10\" is not an address or a network"},
        {"1:2", "\"1:2\" is not an address or a network"},
        {"/mx", "\"/mx\" is not an address or a network"},
        {".example.org", "\".example.org\" matches no host; \"example.org\" is the domain with all below it"},
        {"*.example.org", "\"*.example.org\" matches no host; \"example.org\" is the domain with all below it"},
        {"two words", "\"two words\" is not a domain, an address, a network or a /regular expression/"},
        {"a@example.org", "\"a@example.org\" is not a domain, an address, a network or a /regular expression/"},
        {"/mx 1/", "a regular expression cannot hold white space here: write \\s"},
        {"/mx(/", "missing closing parenthesis (character 4 of the regular expression)"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.entry);
        const auto got = parse_client_entry(c.entry);
        REQUIRE_FALSE(got.has_value());
        CHECK(got.error().what == c.want);
    }
}

} // namespace postern
