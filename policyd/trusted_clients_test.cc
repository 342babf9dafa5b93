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
        {"a proxy's address", "172.17.0.1", "unknown", "", "private"},
        {"a private address that logs in", "172.17.0.1", "unknown", "me", "login"},
        {"a private network that is ours", "10.1.2.3", "unknown", "", "network"},
        {"a private relay", "192.168.1.1", "mx2.example.org", "", "relay"},
        {"our own host", "127.0.0.1", "localhost", "", "private"}, // unless trust.networks has it, as the default does
        {"a private mapped address", "::ffff:192.168.1.1", "unknown", "", "private"},
        {"a private address of IPv6", "fd12::1", "unknown", "", "private"},
        {"a link's address", "fe80::1", "unknown", "", "private"},
        {"a carrier's address", "100.64.1.1", "unknown", "", "private"},
    };
    const auto trusted = TrustedClients::parse(
        {.networks = {"192.0.2.0/24", "2001:db8::/32", "10.1.0.0/16"}, .relays = {"198.51.100.1", ".example.org"}});
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

TEST_CASE("TrustedClients: private addresses are judged where the operator wants it so")
{
    const auto trusted = TrustedClients::parse({.networks = {}, .relays = {}, .judge_private = true});
    REQUIRE(trusted);
    PolicyRequest request;
    request.client = *parse_ip_address("172.17.0.1");
    CHECK(trusted->trust(request) == "");
}

TEST_CASE("TrustedClients: the guard is told of strangers with private addresses, and of all public ones")
{
    int changes = 0;
    const auto guard = std::make_shared<ClientAddressGuard>(ClientAddressGuard::Options{
        .messages = 2, .addresses = 1, .now = [] { return Deadline{}; }, .on_change = [&](const auto&) { ++changes; }});
    const auto trusted = TrustedClients::parse({.networks = {"10.1.0.0/16"}, .relays = {}}, guard);
    REQUIRE(trusted);
    const auto see = [&](const char* address, const char* login = "") {
        PolicyRequest request;
        request.client = *parse_ip_address(address);
        request.sasl_username = login;
        trusted->trust(request);
    };
    for (int i = 0; i < 5; ++i) {
        see("10.1.2.3");
        see("172.17.0.1", "me");
    }
    CHECK(guard->state().private_messages == 0);
    see("172.17.0.1");
    see("172.17.0.1");
    CHECK(changes == 1);
    see("203.0.113.1", "me"); // a login's address came through, too
    CHECK(changes == 2);
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
