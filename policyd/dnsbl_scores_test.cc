#include "policyd/dnsbl_scores.h"

#include "test/fake/held_resolver.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

const DnsReply nobody{DnsStatus::nxdomain, {}, 30s};

DnsblSettings settings_of(const Texts& sites)
{
    DnsblSettings settings;
    settings.reply = "550 no";
    settings.sites = sites;
    return settings;
}

// Lists that are believed, a DNS, and a time that moves when the test says so.
class Fixture {
public:
    explicit Fixture(const DnsblSettings& settings, std::size_t max_under_way = 100)
        : lists_(make_dnsbl_lists(settings, {}))
        , health_(lists_, [](const auto&, const auto&) {})
    {
        for (std::size_t i = 0; i < lists_.size(); ++i)
            health_.set(i, {DnsblHealth::State::ready});
        DnsblScores::Options options;
        options.timeout = 50ms;
        options.max_under_way = max_under_way;
        options.now = [this] { return now_; };
        scores_ = std::make_unique<DnsblScores>(io_, resolver, health_, options);
    }

    std::shared_ptr<DnsblInquiry> ask(const char* address) { return scores_->of_address(*parse_ip_address(address)); }

    // Asks, and lets everything happen that can.
    int score(const char* address)
    {
        const auto inquiry = ask(address);
        settle();
        CHECK(inquiry->is_done());
        return inquiry->score();
    }

    void settle()
    {
        io_.restart();
        io_.run();
    }
    void poll()
    {
        io_.restart();
        io_.poll();
    }
    void advance(std::chrono::seconds by) { now_ += by; }

    DnsblHealth& health() { return health_; }
    DnsblScores& scores() { return *scores_; }

    HeldResolver resolver;

private:
    asio::io_context io_;
    Deadline now_ = std::chrono::steady_clock::now();
    DnsblLists lists_;
    DnsblHealth health_;
    std::unique_ptr<DnsblScores> scores_;
};

} // namespace

TEST_CASE("DnsblScores: the sum of all lists, by reversed names of IPv4 and IPv6")
{
    Fixture fixture(settings_of({"a.example*2", "b.example*-3", "c.example=127.0.0.9"}));
    fixture.resolver.set("1.2.0.192.a.example", RrType::a, found({"127.0.0.2"}));
    fixture.resolver.set("1.2.0.192.b.example", RrType::a, found({"127.0.0.2"}));
    fixture.resolver.set("1.2.0.192.c.example", RrType::a, found({"127.0.0.2"}));
    fixture.resolver.set("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.a.example", RrType::a,
                         found({"127.0.0.2"}));
    CHECK(fixture.score("192.0.2.1") == -1);
    CHECK(fixture.score("192.0.2.2") == 0);
    CHECK(fixture.score("2001:db8::1") == 2);
    CHECK(fixture.ask("192.0.2.1")->summary() == " a.example=127.0.0.2 b.example=127.0.0.2");
    CHECK(fixture.resolver.lookups == 9);

    const auto client = *parse_ip_address("192.0.2.1");
    const auto hash = fixture.scores().look_ahead(client);
    REQUIRE(fixture.scores().look_ahead(hash));
    CHECK(fixture.scores().of_address(client, hash) == *fixture.scores().look_ahead(hash));
    CHECK(fixture.resolver.lookups == 9);
}

TEST_CASE("DnsblScores: remembered for the shortest TTL, within its bounds")
{
    struct Case {
        const char* name;
        std::chrono::seconds a_ttl, b_ttl, want;
    };
    const Case cases[] = {
        {"the shorter", 300s, 120s, 120s},
        {"not below the least", 300s, 5s, 60s},
        {"not above the most", 90'000s, 80'000s, 3600s},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Fixture fixture(settings_of({"a.example", "b.example"}));
        fixture.resolver.set("1.2.0.192.a.example", RrType::a, {DnsStatus::found, {"127.0.0.2"}, c.a_ttl});
        fixture.resolver.set("1.2.0.192.b.example", RrType::a, {DnsStatus::nxdomain, {}, c.b_ttl});
        CHECK(fixture.score("192.0.2.1") == 1);
        fixture.advance(c.want - 1s);
        CHECK(fixture.score("192.0.2.1") == 1);
        CHECK(fixture.resolver.lookups == 2);
        fixture.advance(1s);
        CHECK(fixture.score("192.0.2.1") == 1);
        CHECK(fixture.resolver.lookups == 4);
        CHECK(fixture.scores().stats().hits == 1);
        CHECK(fixture.scores().stats().misses == 2);
        CHECK(fixture.scores().stats().entries == 1);
    }
}

TEST_CASE("DnsblScores: a list that does not answer does not count, and is asked again soon")
{
    Fixture fixture(settings_of({"a.example", "b.example"}));
    fixture.resolver.set("1.2.0.192.a.example", RrType::a, {DnsStatus::found, {"127.0.0.2"}, 300s});
    fixture.resolver.set("1.2.0.192.b.example", RrType::a, {DnsStatus::tempfail, {}, 0s});
    CHECK(fixture.score("192.0.2.1") == 1);
    fixture.advance(9s);
    CHECK(fixture.score("192.0.2.1") == 1);
    CHECK(fixture.resolver.lookups == 2);
    fixture.advance(1s);
    CHECK(fixture.score("192.0.2.1") == 1);
    CHECK(fixture.resolver.lookups == 4);
    CHECK(fixture.health().entry(1).failures == 2);
}

TEST_CASE("DnsblScores: error answers do not count")
{
    Fixture fixture(settings_of({"zen.spamhaus.org*5", "list.dnswl.org*-5"}));
    fixture.resolver.set("1.2.0.192.zen.spamhaus.org", RrType::a, found({"127.255.255.254"}));
    fixture.resolver.set("1.2.0.192.list.dnswl.org", RrType::a, found({"127.0.0.255"}));
    CHECK(fixture.score("192.0.2.1") == 0);
    CHECK(fixture.health().entry(0).error
          == "answers 127.255.255.254 (it refuses public resolvers), which is no listing");
    CHECK(fixture.health().entry(1).error == "answers 127.0.0.255, which is no listing");
}

TEST_CASE("DnsblScores: only lists that can be believed are asked")
{
    Fixture fixture(settings_of({"a.example", "b.example"}));
    fixture.resolver.set("1.2.0.192.a.example", RrType::a, found({"127.0.0.2"}));
    fixture.resolver.set("1.2.0.192.b.example", RrType::a, found({"127.0.0.2"}));
    fixture.health().set(0, {DnsblHealth::State::down, "it lists everything"});
    CHECK(fixture.score("192.0.2.1") == 1);
    fixture.health().set(1, {DnsblHealth::State::ready, "", true});
    CHECK(fixture.score("2001:db8::1") == 0);
    CHECK(fixture.resolver.lookups == 1);
    fixture.health().set(0, {DnsblHealth::State::ready});
    fixture.advance(10s); // a score that lacks a list is not kept long
    CHECK(fixture.score("192.0.2.1") == 2);
}

TEST_CASE("DnsblScores: who asks for the same joins, and what is late is still remembered")
{
    Fixture fixture(settings_of({"a.example", "b.example*3"}));
    fixture.resolver.set("1.2.0.192.a.example", RrType::a, found({"127.0.0.2"}));
    fixture.resolver.set("1.2.0.192.b.example", RrType::a, found({"127.0.0.2"}));
    fixture.resolver.hold("1.2.0.192.b.example");
    const auto first = fixture.ask("192.0.2.1");
    fixture.poll();
    CHECK_FALSE(first->is_done());
    CHECK(first->score() == 1);
    CHECK(first->range().lowest == 1);
    CHECK(first->range().highest == 4);
    CHECK(fixture.ask("192.0.2.1") == first);
    CHECK(fixture.scores().stats().joined == 1);
    CHECK(fixture.scores().stats().under_way == 1);
    fixture.resolver.release("1.2.0.192.b.example");
    fixture.settle();
    CHECK(first->is_done());
    CHECK(first->score() == 4);
    CHECK(first->heaviest()->list == 1);
    CHECK(fixture.resolver.lookups == 2);
    CHECK(fixture.scores().stats().under_way == 0);
}

TEST_CASE("DnsblScores: a list that is silent ends at the time limit")
{
    Fixture fixture(settings_of({"a.example", "b.example"}));
    fixture.resolver.set("1.2.0.192.a.example", RrType::a, found({"127.0.0.2"}));
    fixture.resolver.hold("1.2.0.192.b.example");
    CHECK(fixture.score("192.0.2.1") == 1); // after 50 ms
    CHECK(fixture.ask("192.0.2.1")->lacks_answer());
}

TEST_CASE("DnsblScores: beyond so many under way nothing is asked")
{
    Fixture fixture(settings_of({"a.example"}), 1);
    fixture.resolver.set("2.2.0.192.a.example", RrType::a, found({"127.0.0.2"}));
    fixture.resolver.hold("1.2.0.192.a.example");
    fixture.ask("192.0.2.1");
    const auto refused = fixture.ask("192.0.2.2");
    CHECK(refused->is_done());
    CHECK(refused->score() == 0);
    CHECK(fixture.scores().stats().refused == 1);
    fixture.settle();
    CHECK(fixture.score("192.0.2.2") == 1); // it was not remembered
}

TEST_CASE("DnsblScores: names")
{
    auto settings = settings_of({});
    DnsblZone zone;
    zone.site = "n.example";
    zone.type = DnsblZoneType::helo;
    settings.zones = {zone};
    Fixture fixture(settings);
    auto& scores = fixture.scores();
    fixture.resolver.set("bad.example.net.n.example", RrType::a, found({"127.0.1.2"}));
    CHECK(scores.has(DnsblZoneType::helo));
    CHECK_FALSE(scores.has(DnsblZoneType::address));
    CHECK(fixture.ask("192.0.2.1") == nullptr);
    CHECK(scores.of_name(DnsblZoneType::sender_domain, "bad.example.net") == nullptr);

    const auto listed = scores.of_name(DnsblZoneType::helo, "bad.example.net");
    fixture.settle();
    REQUIRE(listed);
    CHECK(listed->score() == 1);
    CHECK(scores.of_name(DnsblZoneType::helo, "BAD.example.NET") == listed);
    for (const auto* name : {"", "localhost", "[192.0.2.1]", "192.0.2.1", "a b.example", "a..example", "unknown"}) {
        CAPTURE(name);
        CHECK(scores.of_name(DnsblZoneType::helo, name) == nullptr);
    }
    CHECK(scores.of_name(DnsblZoneType::helo, std::string(300, 'a') + ".example") == nullptr);
    const auto international = scores.of_name(DnsblZoneType::helo, "b\xc3\xbc" "cher.example");
    REQUIRE_FALSE(international); // as sent: not ASCII
    CHECK(fixture.resolver.lookups == 1);
}

TEST_CASE("DnsblScores: the end while questions are under way")
{
    asio::io_context io;
    HeldResolver resolver;
    const auto lists = make_dnsbl_lists(settings_of({"a.example"}), {});
    DnsblHealth health(lists, [](const auto&, const auto&) {});
    health.set(0, {DnsblHealth::State::ready});
    resolver.hold("1.2.0.192.a.example");
    std::shared_ptr<DnsblInquiry> inquiry;
    {
        DnsblScores scores(io, resolver, health, {});
        inquiry = scores.of_address(*parse_ip_address("192.0.2.1"));
        io.poll();
    }
    resolver.release("1.2.0.192.a.example");
    io.restart();
    io.run();
    CHECK_FALSE(inquiry->is_done());
}

} // namespace postern
