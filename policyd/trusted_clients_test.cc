#include "policyd/trusted_clients.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("TrustedClients")
{
    struct Case {
        const char* name;
        const char* client_address;
        const char* client_name;
        const char* sasl_username;
        std::string_view want;
    };
    const Case cases[] = {
        {"a stranger", "203.0.113.9", "mail.example.net", "", ""},
        {"a login", "203.0.113.9", "unknown", "me", "login"},
        {"a network", "192.0.2.7", "unknown", "", "network"},
        {"a network of IPv6", "2001:db8::7", "unknown", "", "network"},
        {"a mapped address", "::ffff:192.0.2.7", "unknown", "", "network"},
        {"a relay by its address", "198.51.100.1", "unknown", "", "relay"},
        {"a relay by its verified name", "203.0.113.9", "mx2.example.org", "", "relay"},
        {"no address", "unknown", "unknown", "", ""},
    };
    const auto trusted = TrustedClients::parse(
        {.networks = {"192.0.2.0/24", "2001:db8::/32"}, .relays = {"198.51.100.1", ".example.org"}});
    REQUIRE(trusted);
    for (const auto& c : cases) {
        CAPTURE(c.name);
        PolicyRequest request;
        request.client_address = c.client_address;
        request.client_name = c.client_name;
        request.reverse_client_name = "mx2.example.org"; // anybody can have that
        request.sasl_username = c.sasl_username;
        if (const auto client = parse_ip_address(c.client_address))
            request.client = *client;
        CHECK(trusted->trust(request) == c.want);
    }
}

TEST_CASE("TrustedClients: an entry that is none is named with its setting")
{
    const auto networks = TrustedClients::parse({.networks = {"192.0.2.1/24"}, .relays = {}});
    REQUIRE_FALSE(networks);
    CHECK(networks.error().what.find("trust.networks: ") == 0);
    const auto relays = TrustedClients::parse({.networks = {}, .relays = {"300.1.1.1/8"}});
    REQUIRE_FALSE(relays);
    CHECK(relays.error().what.find("trust.relays: ") == 0);
}

} // namespace postern
