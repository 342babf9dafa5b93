#include "policyd/dnsbl_self_test.h"

#include "test/fake/fake_resolver.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;
using State = DnsblHealth::State;

DnsblLists lists_of(const std::string& site, DnsblZoneType type = DnsblZoneType::address)
{
    DnsblSettings settings;
    settings.reply = "550 no";
    DnsblZone zone;
    zone.site = site;
    zone.type = type;
    zone.self_test = true;
    settings.zones = {zone};
    return make_dnsbl_lists(settings, {});
}

const DnsReply nobody{DnsStatus::nxdomain, {}, 60s};
const DnsReply silence{DnsStatus::tempfail, {}, {}};

// Runs what is to be done until `done`, for five seconds at most.
template <class Done>
bool run_until(asio::io_context& io, Done done)
{
    const auto limit = std::chrono::steady_clock::now() + 5s;
    while (!done() && std::chrono::steady_clock::now() < limit) {
        io.restart();
        io.run_one_for(10ms);
    }
    return done();
}

} // namespace

TEST_CASE("dnsbl_test_names: the test entries of RFC 5782 5")
{
    const auto address = dnsbl_test_names(lists_of("bl.example.org").at(0));
    CHECK(address.listed == std::vector<std::string>{"2.0.0.127.bl.example.org"});
    CHECK(address.unlisted == "1.0.0.127.bl.example.org");
    CHECK(address.unlisted_ipv6
          == "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example.org");

    const auto names = dnsbl_test_names(lists_of("k.dbl.dq.spamhaus.net", DnsblZoneType::helo).at(0));
    CHECK(names.listed
          == std::vector<std::string>{"test.k.dbl.dq.spamhaus.net", "2.0.0.127.k.dbl.dq.spamhaus.net",
                                      "dbltest.com.k.dbl.dq.spamhaus.net"});
    CHECK(names.unlisted == "invalid.k.dbl.dq.spamhaus.net");
    CHECK(names.unlisted_ipv6 == "");
}

TEST_CASE("judge_dnsbl_test: alive, wild, dead, refused or not to be told")
{
    const auto address = lists_of("bl.example.org=127.0.0.99").at(0); // a filter is no matter here
    const auto names = lists_of("rhsbl.example.org", DnsblZoneType::sender_domain).at(0);
    struct Case {
        const char* name;
        const DnsblList& list;
        DnsblTestReplies replies;
        State want;
        std::string want_reason;
        bool want_ipv6_down = false;
    };
    const Case cases[] = {
        {"alive", address, {{found({"127.0.0.2"})}, nobody, nobody}, State::ready, ""},
        {"all of IPv6", address, {{found({"127.0.0.2"})}, nobody, found({"127.0.0.2"})}, State::ready, "", true},
        {"IPv6 silent", address, {{found({"127.0.0.2"})}, nobody, silence}, State::ready, ""},
        {"wild", address, {{found({"127.0.0.2"})}, found({"127.0.0.2"}), nobody}, State::down,
         "lists 127.0.0.1, which nobody should: it lists everything"},
        {"parked", address, {{found({"203.0.113.7"})}, found({"203.0.113.7"}), found({"203.0.113.7"})}, State::down,
         "lists 127.0.0.1, which nobody should: it lists everything"},
        {"dead", address, {{nobody}, nobody, nobody}, State::down,
         "does not list its test entry 127.0.0.2: it is dead, or has none (then self_test = false)"},
        {"refused", address, {{found({"127.255.255.254"})}, found({"127.255.255.254"}), nobody}, State::down,
         "answers its test entry with 127.255.255.254: it refuses us"},
        {"silent", address, {{silence}, silence, silence}, State::untested, ""},
        {"half silent", address, {{found({"127.0.0.2"})}, silence, nobody}, State::untested, ""},
        {"the other half", address, {{silence}, nobody, nobody}, State::untested, ""},
        {"names", names, {{found({"127.0.1.2"}), nobody}, nobody, {}}, State::ready, ""},
        {"names, the second", names, {{nobody, found({"127.0.1.2"})}, nobody, {}}, State::ready, ""},
        {"names, and an address is no question", names,
         {{found({"127.0.1.2"}), found({"127.255.255.252"})}, nobody, {}}, State::ready, ""},
        {"names dead", names, {{nobody, nobody}, nobody, {}}, State::down,
         "does not list its test entry TEST: it is dead, or has none (then self_test = false)"},
        {"names wild", names, {{found({"127.0.1.2"}), nobody}, found({"127.0.1.2"}), {}}, State::down,
         "lists INVALID, which nobody should: it lists everything"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = judge_dnsbl_test(c.list, c.replies);
        CHECK(got.state == c.want);
        CHECK(got.reason == c.want_reason);
        CHECK(got.is_ipv6_down == c.want_ipv6_down);
    }
}

TEST_CASE("DnsblSelfTest: tests at start, again after a failure, and at every interval")
{
    asio::io_context io;
    FakeResolver resolver;
    const auto lists = lists_of("bl.example.org");
    DnsblHealth health(lists, [](const auto&, const auto&) {});
    DnsblSelfTest test(io, resolver, health, {.interval = 20ms, .first_retry = 2ms, .last_retry = 5ms});

    const auto is = [&](State state) { return [&, state] { return health.entry(0).state == state; }; };
    CHECK(run_until(io, is(State::down)));
    resolver.set("2.0.0.127.bl.example.org", RrType::a, found({"127.0.0.2"}));
    CHECK(run_until(io, is(State::ready)));
    resolver.set("1.0.0.127.bl.example.org", RrType::a, found({"127.0.0.2"}));
    CHECK(run_until(io, is(State::down)));
    CHECK(health.entry(0).reason == "lists 127.0.0.1, which nobody should: it lists everything");
}

TEST_CASE("DnsblSelfTest: a list that never answers is down after the second test")
{
    asio::io_context io;
    FakeResolver resolver;
    for (const auto* name : {"2.0.0.127.bl.example.org", "1.0.0.127.bl.example.org"})
        resolver.set(name, RrType::a, silence);
    const auto lists = lists_of("bl.example.org");
    DnsblHealth health(lists, [](const auto&, const auto&) {});
    DnsblSelfTest test(io, resolver, health, {.interval = 1h, .first_retry = 2ms, .last_retry = 5ms});
    CHECK(run_until(io, [&] { return health.entry(0).state == State::down; }));
    CHECK(health.entry(0).reason == "does not answer");
    CHECK(resolver.lookups == 6);
}

TEST_CASE("DnsblSelfTest: suspicion brings the next test forward, and the end ends all")
{
    asio::io_context io;
    FakeResolver resolver;
    resolver.set("2.0.0.127.bl.example.org", RrType::a, found({"127.0.0.2"}));
    const auto lists = lists_of("bl.example.org");
    DnsblHealth health(lists, [](const auto&, const auto&) {});
    {
        DnsblSelfTest test(io, resolver, health, {.interval = 1h});
        CHECK(run_until(io, [&] { return health.entry(0).state == State::ready; }));
        resolver.set("2.0.0.127.bl.example.org", RrType::a, nobody);
        for (int i = 0; i < 5; ++i)
            health.note(0, {.kind = DnsblAnswer::Kind::failure});
        CHECK(run_until(io, [&] { return health.entry(0).state == State::down; }));
    }
    io.restart();
    io.run(); // comes back: nobody waits for an hour
    CHECK(resolver.lookups == 6);
}

} // namespace postern
