#include "policyd/greylist_check.h"

#include "test/fake/fake_clock.h"
#include "test/fake/fake_greylist_store.h"
#include "test/run.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

GreylistCheck::Options options()
{
    GreylistCheck::Options options;
    options.settings.delay = 5min;
    options.settings.retry_window = 48h;
    options.settings.max_age = 24h * 35;
    options.settings.auto_whitelist_after = 2;
    options.settings.ipv4_prefix = 24;
    options.settings.ipv6_prefix = 64;
    options.settings.text = "Greylisted for %s seconds, %r, 100%%";
    options.settings.header = "X-Greylist: delayed %t seconds by postern-%v at %h; %d";
    options.hostname = "mx.example.net";
    options.version = "1.0";
    options.trusted = std::make_shared<TrustedClients>(
        *TrustedClients::parse({.networks = {"198.51.100.0/24"}, .relays = {".relay.example"}}));
    return options;
}

PolicyRequest request(const char* recipient = "me@example.net")
{
    PolicyRequest request;
    request.client = *parse_ip_address("192.0.2.1");
    request.client_name = "mail.example.org";
    request.sender_address = parse_mail_address("you@example.org");
    request.recipient = recipient;
    request.recipient_address = parse_mail_address(recipient);
    return request;
}

struct Setup {
    FakeGreylistStore store;
    FakeClock clock;
    GreylistCheck check{store, clock, options()};
    PolicyMessage message;

    Verdict ask(const PolicyRequest& question) { return run(check.check(question, message, Deadline::max())); }
};

} // namespace

TEST_CASE("GreylistCheck: refused, early, let in with a header, let in, known")
{
    Setup setup;

    const auto first = setup.ask(request());
    CHECK(first.action == Action::defer_if_permit);
    CHECK(first.status == "2.0");
    CHECK(first.text == "Greylisted for 300 seconds, example.net, 100%");
    CHECK(first.reason == "new");

    setup.clock.advance(100s);
    CHECK(setup.ask(request()).reason == "early-retry (200s missing)");

    setup.clock.advance(260s);
    const auto passed = setup.ask(request());
    CHECK(passed.action == Action::dunno);
    CHECK(passed.reason == "triplet found");
    CHECK(passed.header == "X-Greylist: delayed 360 seconds by postern-1.0 at mx.example.net; Tue, 14 Nov 2023 22:19:20 +0000");

    const auto again = setup.ask(request());
    CHECK(again.action == Action::dunno);
    CHECK(again.header.empty());

    setup.ask(request("other@example.net"));
    setup.clock.advance(2h);
    CHECK(setup.ask(request("other@example.net")).reason == "triplet found");
    CHECK(setup.ask(request("third@example.net")).reason == "client AWL");
}

TEST_CASE("GreylistCheck asks nothing about those it trusts")
{
    struct Case {
        const char* name;
        PolicyRequest question;
        const char* want_reason;
    };
    auto own = request();
    own.client = *parse_ip_address("198.51.100.7");
    auto relay = request();
    relay.client_name = "a.relay.example";
    auto login = request();
    login.sasl_username = "you";
    auto unknown_address = request();
    unknown_address.client.reset();
    auto no_recipient = request("");
    const Case cases[] = {
        {"our own client", own, "network"},
        {"a relay", relay, "relay"},
        {"a login", login, "login"},
        {"no address", unknown_address, "no triplet"},
        {"no recipient", no_recipient, "no triplet"},
    };
    Setup setup;
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto verdict = setup.ask(c.question);
        CHECK(verdict.action == Action::dunno);
        CHECK(verdict.reason == c.want_reason);
    }
    CHECK(setup.store.finds == 0);
}

TEST_CASE("GreylistCheck: the null sender is greylisted like any other")
{
    Setup setup;
    auto bounce = request();
    bounce.sender_address = {};
    CHECK(setup.ask(bounce).reason == "new");
    CHECK(setup.store.triplets.count("192.0.2.0//me@example.net") == 1);
}

TEST_CASE("GreylistCheck lets mail pass when the store does not work")
{
    Setup setup;
    setup.store.trouble = "disk full";
    const auto verdict = setup.ask(request());
    CHECK(verdict.action == Action::dunno);
    CHECK(verdict.reason == "store unavailable");
}

} // namespace postern
