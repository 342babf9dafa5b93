#include "policyd/client_address_guard.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

struct Fixture {
    Deadline now{1h};
    std::vector<ClientAddressGuard::State> told;
    ClientAddressGuard guard{{.messages = 3,
                              .addresses = 2,
                              .interval = 10min,
                              .now = [this] { return now; },
                              .on_change = [this](const auto& state) { told.push_back(state); }}};
    int messages = 0;

    void see(const char* address) { guard.saw_private(*parse_ip_address(address), std::to_string(++messages)); }
};

} // namespace

TEST_CASE("ClientAddressGuard: many messages in a row from one private address, and the operator is told")
{
    Fixture fixture;
    fixture.see("172.17.0.1");
    fixture.see("172.17.0.1");
    CHECK(fixture.told.empty());
    CHECK_FALSE(fixture.guard.state().is_hidden);

    fixture.see("172.17.0.1");
    REQUIRE(fixture.told.size() == 1);
    CHECK(fixture.told[0].is_hidden);
    CHECK(fixture.told[0].from == "172.17.0.1");
    CHECK(fixture.told[0].private_messages == 3);
    const auto advice = hidden_clients_advice(fixture.told[0]);
    for (const auto* want : {"172.17.0.1", "host's network", "PROXY protocol", "trust.networks"})
        CHECK(advice.find(want) != std::string::npos);
}

TEST_CASE("ClientAddressGuard: it is said again at intervals, while it is so")
{
    Fixture fixture;
    for (int i = 0; i < 100; ++i)
        fixture.see("172.17.0.1");
    CHECK(fixture.told.size() == 1);
    fixture.now += 10min;
    fixture.see("172.17.0.1");
    CHECK(fixture.told.size() == 2);
    CHECK(fixture.guard.state().private_messages == 101);
}

TEST_CASE("ClientAddressGuard: a public address ends it, and begins the row anew")
{
    Fixture fixture;
    fixture.see("172.17.0.1");
    fixture.see("172.17.0.1");
    fixture.guard.saw_public();
    fixture.see("172.17.0.1");
    fixture.see("172.17.0.1");
    CHECK(fixture.told.empty());

    fixture.see("172.17.0.1");
    fixture.guard.saw_public();
    fixture.guard.saw_public();
    REQUIRE(fixture.told.size() == 2);
    CHECK_FALSE(fixture.told[1].is_hidden);
    CHECK(fixture.told[1].from == "");
}

TEST_CASE("ClientAddressGuard: many addresses are a network, not a proxy")
{
    Fixture fixture;
    for (const auto* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1", "10.0.0.1", "10.0.0.1"})
        fixture.see(address);
    CHECK(fixture.told.empty());
}

TEST_CASE("ClientAddressGuard: two addresses, as of a proxy of IPv4 and IPv6")
{
    Fixture fixture;
    for (const auto* address : {"10.0.0.1", "fd00::1", "10.0.0.1"})
        fixture.see(address);
    REQUIRE(fixture.told.size() == 1);
    CHECK(fixture.told[0].from == "10.0.0.1 fd00::1");
}

TEST_CASE("ClientAddressGuard: several checks and recipients of a message are one; without an instance each counts")
{
    Fixture fixture;
    const auto client = *parse_ip_address("10.0.0.1");
    for (int i = 0; i < 10; ++i)
        fixture.guard.saw_private(client, "one");
    CHECK(fixture.guard.state().private_messages == 1);
    for (int i = 0; i < 2; ++i)
        fixture.guard.saw_private(client, "");
    CHECK(fixture.told.size() == 1);
}

} // namespace postern
