#include "common/spf/spf_cache.h"

#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

DnsReply txt(std::string text, std::chrono::seconds ttl = 300s)
{
    return {DnsStatus::found, {std::move(text)}, ttl};
}

// A cache over a DNS and a time that a test writes down.
struct Setup {
    FakeResolver dns;
    Deadline now{1h};
    SpfCache cache{dns, {}, {.capacity = 2, .now = [this] { return now; }}};

    SpfAnswer ask(const char* client, std::string domain, std::string local_part = "a")
    {
        SpfQuery query{*parse_ip_address(client), std::move(local_part), std::move(domain), "helo.example", "mx.example"};
        return *run(cache.check_host(std::move(query), std::chrono::steady_clock::now() + 20s));
    }
};

} // namespace

TEST_CASE("SpfCache: a client and a domain are asked about once, whoever sends")
{
    Setup setup;
    setup.dns.set("example.org", RrType::txt, txt("v=spf1 ip4:192.0.2.1 -all"));

    CHECK(setup.ask("192.0.2.1", "example.org", "a").result == SpfResult::pass);
    const auto again = setup.ask("192.0.2.1", "example.org", "b");
    CHECK(again.result == SpfResult::pass);
    CHECK(again.mechanism == "ip4:192.0.2.1");
    CHECK(setup.dns.lookups == 1);
    CHECK(setup.cache.stats().hits == 1);
    CHECK(setup.cache.stats().misses == 1);

    const auto client = *parse_ip_address("192.0.2.1");
    const auto hash = setup.cache.look_ahead(client, "example.org");
    const auto known = setup.cache.known(client, "example.org", hash);
    REQUIRE(known);
    REQUIRE(setup.cache.look_ahead(hash));
    CHECK(*setup.cache.look_ahead(hash) == known);
    CHECK_FALSE(setup.cache.known(client, "example.net", setup.cache.look_ahead(client, "example.net")));
}

TEST_CASE("SpfCache: another client or domain is another question")
{
    Setup setup;
    setup.dns.set("example.org", RrType::txt, txt("v=spf1 ip4:192.0.2.1 -all"));
    CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::pass);
    CHECK(setup.ask("192.0.2.2", "example.org").result == SpfResult::fail);
    CHECK(setup.ask("192.0.2.1", "example.net").result == SpfResult::none);
    CHECK(setup.ask("2001:db8::1", "example.org").result == SpfResult::fail);
    CHECK(setup.cache.stats().hits == 0);
}

TEST_CASE("SpfCache: an answer lives as long as the shortest-lived of what it was made from")
{
    Setup setup;
    setup.dns.set("example.org", RrType::txt, txt("v=spf1 a -all", 300s));
    setup.dns.set("example.org", RrType::a, {DnsStatus::found, {"192.0.2.1"}, 60s});
    CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::pass);

    setup.dns.set("example.org", RrType::a, {DnsStatus::found, {"192.0.2.9"}, 60s});
    setup.now += 59s;
    CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::pass);
    setup.now += 1s;
    CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::fail);
}

TEST_CASE("SpfCache: what is not kept")
{
    Setup setup;
    SUBCASE("a record with a macro: it may ask about the sender")
    {
        setup.dns.set("example.org", RrType::txt, txt("v=spf1 exists:%{l}.ok.example.org -all"));
        setup.dns.set("good.ok.example.org", RrType::a, found({"127.0.0.2"}));
        CHECK(setup.ask("192.0.2.1", "example.org", "good").result == SpfResult::pass);
        CHECK(setup.ask("192.0.2.1", "example.org", "bad").result == SpfResult::fail);
    }
    SUBCASE("a macro in an included record")
    {
        setup.dns.set("example.org", RrType::txt, txt("v=spf1 include:other.example -all"));
        setup.dns.set("other.example", RrType::txt, txt("v=spf1 exists:%{l}.ok.example.org -all"));
        setup.dns.set("good.ok.example.org", RrType::a, found({"127.0.0.2"}));
        CHECK(setup.ask("192.0.2.1", "example.org", "good").result == SpfResult::pass);
        CHECK(setup.ask("192.0.2.1", "example.org", "bad").result == SpfResult::fail);
    }
    SUBCASE("an explanation with a macro")
    {
        setup.dns.set("example.org", RrType::txt, txt("v=spf1 -all exp=why.example.org"));
        setup.dns.set("why.example.org", RrType::txt, txt("%{s} may not"));
        CHECK(setup.ask("192.0.2.1", "example.org", "a").explanation == "a@example.org may not");
        CHECK(setup.ask("192.0.2.1", "example.org", "b").explanation == "b@example.org may not");
    }
    SUBCASE("temperror")
    {
        setup.dns.set("example.org", RrType::txt, {DnsStatus::tempfail, {}, 1s});
        CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::temperror);
        setup.dns.set("example.org", RrType::txt, txt("v=spf1 +all", 0s));
        CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::pass);
    }
    SUBCASE("a failure on the way that decided nothing (RFC 7208 5.5: ptr)")
    {
        setup.dns.set("example.org", RrType::txt, txt("v=spf1 ptr -all"));
        setup.dns.set("1.2.0.192.in-addr.arpa", RrType::ptr, {DnsStatus::tempfail, {}, 1s});
        CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::fail);
    }
    SUBCASE("an answer with a TTL of zero")
    {
        setup.dns.set("example.org", RrType::txt, txt("v=spf1 +all", 0s));
        CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::pass);
    }
    SUBCASE("what needs no question")
    {
        CHECK(setup.ask("192.0.2.1", "localhost").result == SpfResult::none);
    }
    CHECK(setup.cache.stats().entries == 0);
}

TEST_CASE("SpfCache: that there is no record is kept as long as the DNS says so")
{
    Setup setup;
    setup.dns.set("example.org", RrType::txt, {DnsStatus::nodata, {}, 30s});
    CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::none);
    setup.now += 29s;
    CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::none);
    CHECK(setup.dns.lookups == 1);
    setup.now += 1s;
    CHECK(setup.ask("192.0.2.1", "example.org").result == SpfResult::none);
    CHECK(setup.dns.lookups == 2);
}

TEST_CASE("SpfCache: what was used last stays")
{
    Setup setup;
    for (const auto* domain : {"a.example", "b.example", "c.example"})
        setup.dns.set(domain, RrType::txt, txt("v=spf1 +all"));
    setup.ask("192.0.2.1", "a.example");
    setup.ask("192.0.2.1", "b.example");
    setup.ask("192.0.2.1", "a.example");
    setup.ask("192.0.2.1", "c.example");
    CHECK(setup.cache.stats().entries == 2);
    setup.ask("192.0.2.1", "a.example");
    CHECK(setup.cache.stats().hits == 2);
}

} // namespace postern
