#include "common/dns/cached_resolver.h"

#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using std::chrono::steady_clock;

const Deadline far = Deadline::max();

// A cache over a FakeResolver, at a time that the test sets.
struct Fixture {
    explicit Fixture(FakeResolver::Zone zone = {}, CacheOptions options = {})
    {
        auto fake = std::make_unique<FakeResolver>(std::move(zone));
        dns = fake.get();
        options.now = [this] { return now; };
        cache = std::make_unique<CachedResolver>(io, std::move(fake), std::move(options));
    }

    DnsReply ask(std::string name, RrType type = RrType::txt)
    {
        DnsReply reply;
        asio::co_spawn(
            io, [&]() -> asio::awaitable<void> { reply = co_await cache->lookup(name, type, far); }, asio::detached);
        io.restart();
        io.run();
        return reply;
    }

    asio::io_context io;
    Deadline now{1000s};
    FakeResolver* dns;
    std::unique_ptr<CachedResolver> cache;
};

DnsReply answer(DnsStatus status, seconds ttl, std::vector<std::string> records = {})
{
    return {status, std::move(records), ttl};
}

// Answers when the test says so.
class SlowResolver final : public Resolver {
public:
    explicit SlowResolver(asio::io_context& io)
        : timer(io, Deadline::max())
    {
    }

    asio::awaitable<DnsReply> lookup(std::string, RrType, Deadline) override
    {
        ++asked;
        if (fault)
            throw std::runtime_error("no memory");
        try {
            co_await timer.async_wait(asio::use_awaitable);
        } catch (const std::exception&) {
            // cancelled: now
        }
        co_return found({"late"});
    }

    asio::steady_timer timer;
    int asked = 0;
    bool fault = false;
};

struct SlowFixture {
    explicit SlowFixture(CacheOptions options = {})
    {
        auto resolver = std::make_unique<SlowResolver>(io);
        slow = resolver.get();
        cache = std::make_unique<CachedResolver>(io, std::move(resolver), std::move(options));
    }

    // Asks, and notes the answer when it comes.
    void start(std::string name, Deadline deadline, std::vector<DnsReply>& replies)
    {
        asio::co_spawn(
            io,
            [this, name, deadline, &replies]() -> asio::awaitable<void> {
                replies.push_back(co_await cache->lookup(name, RrType::txt, deadline));
            },
            asio::detached);
    }

    void settle()
    {
        io.restart();
        io.run_for(20ms);
    }

    asio::io_context io;
    SlowResolver* slow;
    std::unique_ptr<CachedResolver> cache;
};

} // namespace

TEST_CASE("CachedResolver keeps an answer for as long as it says")
{
    struct {
        const char* name;
        DnsReply reply;
        seconds want_kept; // asked again after that
    } const cases[] = {
        {"found", answer(DnsStatus::found, 300s, {"x"}), 300s},
        {"RFC 2308 5: nxdomain", answer(DnsStatus::nxdomain, 60s), 60s},
        {"RFC 2308 5: nodata", answer(DnsStatus::nodata, 60s), 60s},
        {"longer than we want", answer(DnsStatus::found, 7200s, {"x"}), 3600s},
        {"longer than we want, negative", answer(DnsStatus::nxdomain, 7200s), 3600s},
        {"a tempfail for a moment", answer(DnsStatus::tempfail, 0s), 1s},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CacheOptions options;
        options.max_ttl = 3600s;
        Fixture f({{{"example.org", RrType::txt}, c.reply}}, std::move(options));

        const auto first = f.ask("example.org");
        CHECK(first.status == c.reply.status);
        CHECK(first.records == c.reply.records);
        f.now += c.want_kept - 1s;
        const auto second = f.ask("example.org");
        CHECK(second.status == c.reply.status);
        CHECK(second.records == c.reply.records);
        if (c.reply.status != DnsStatus::tempfail) {
            CHECK(first.ttl == c.want_kept);
            CHECK(second.ttl == 1s); // what is left of it
        }
        CHECK(f.dns->lookups == 1);

        f.now += 1s;
        f.ask("example.org");
        CHECK(f.dns->lookups == 2);
    }
}

TEST_CASE("CachedResolver does not keep what has no TTL")
{
    Fixture f({{{"example.org", RrType::txt}, answer(DnsStatus::found, 0s, {"x"})}});
    CHECK(f.ask("example.org").records.size() == 1);
    CHECK(f.ask("example.org").records.size() == 1);
    CHECK(f.dns->lookups == 2);
    CHECK(f.cache->stats().entries == 0);
}

TEST_CASE("CachedResolver: which questions are one")
{
    Fixture f({{{"example.org", RrType::txt}, found({"x"})}});
    f.ask("example.org");
    f.ask("Example.ORG");
    f.ask("example.org.");
    CHECK(f.dns->lookups == 1);
    f.ask("example.org", RrType::mx);
    f.ask("www.example.org");
    f.ask("example.org..");
    CHECK(f.dns->lookups == 4);
    CHECK(f.dns->asked == std::vector<std::string>{"example.org", "example.org", "www.example.org", "example.org."});
    const auto stats = f.cache->stats();
    CHECK(stats.hits == 2);
    CHECK(stats.misses == 4);
    CHECK(stats.entries == 1); // the three others do not exist, and say nothing of how long
}

TEST_CASE("CachedResolver: what was used last stays, within its number")
{
    CacheOptions options;
    options.capacity = 2;
    FakeResolver::Zone zone;
    for (const char* name : {"a", "b", "c"})
        zone[{name, RrType::txt}] = found({"x"});
    Fixture f(std::move(zone), std::move(options));
    f.ask("a");
    f.ask("b");
    f.ask("a");
    f.ask("c"); // b was used before a
    CHECK(f.dns->lookups == 3);
    f.ask("a");
    f.ask("c");
    CHECK(f.dns->lookups == 3);
    f.ask("b");
    CHECK(f.dns->lookups == 4);
    CHECK(f.cache->stats().entries == 2);
}

TEST_CASE("CachedResolver: and within its octets")
{
    CacheOptions options;
    options.max_octets = 10'000;
    FakeResolver::Zone zone;
    for (int i = 0; i < 50; ++i)
        zone[{std::to_string(i), RrType::txt}] = found({std::string(1'000, 'x')});
    zone[{"small", RrType::txt}] = found({"x"});
    zone[{"large", RrType::txt}] = found({std::string(20'000, 'x')});
    Fixture f(std::move(zone), std::move(options));
    for (int i = 0; i < 50; ++i)
        f.ask(std::to_string(i));
    CHECK(f.cache->stats().entries > 5);
    CHECK(f.cache->stats().octets <= 10'000);
    f.ask("small");
    CHECK(f.ask("large").records.at(0).size() == 20'000); // one that never fits is not kept, and drives nothing out
    CHECK(f.cache->stats().entries > 5);
    const int lookups = f.dns->lookups;
    f.ask("small");
    CHECK(f.dns->lookups == lookups);

    // An entry that is replaced is not counted twice
    for (int i = 0; i < 100; ++i) {
        f.now += 400s;
        f.ask("small");
    }
    CHECK(f.cache->stats().entries > 5);
}

TEST_CASE("CachedResolver without room keeps nothing")
{
    CacheOptions options;
    options.capacity = 0;
    Fixture f({{{"a", RrType::txt}, found({"x"})}}, std::move(options));
    f.ask("a");
    CHECK(f.ask("a").records.size() == 1);
    CHECK(f.dns->lookups == 2);
}

TEST_CASE("CachedResolver: an answer from memory does not go through the executor")
{
    Fixture f({{{"example.org", RrType::txt}, found({"x"})}});
    f.ask("example.org");
    bool other_ran = false;
    asio::co_spawn(
        f.io,
        [&]() -> asio::awaitable<void> {
            asio::post(f.io, [&] { other_ran = true; });
            co_await f.cache->lookup("example.org", RrType::txt, far);
            CHECK_FALSE(other_ran);
            co_await f.cache->lookup("EXAMPLE.org", RrType::txt, Deadline{}); // one that has passed does not matter
            CHECK_FALSE(other_ran);
        },
        asio::detached);
    f.io.restart();
    f.io.run();
    CHECK(other_ran);
}

TEST_CASE("CachedResolver asks once for equal questions under way, each caller waits as long as it wants")
{
    SlowFixture f;
    std::vector<DnsReply> impatient, patient;
    f.start("example.org", steady_clock::now() + 5ms, impatient);
    f.start("EXAMPLE.org.", far, patient);
    f.start("example.org", far, patient);
    f.settle();
    CHECK(f.slow->asked == 1);
    CHECK(f.cache->stats().joined == 2);
    CHECK(f.cache->stats().in_flight == 1);
    REQUIRE(impatient.size() == 1); // on time
    CHECK(impatient[0].status == DnsStatus::tempfail);
    CHECK(patient.empty()); // and the others were not cancelled

    f.slow->timer.cancel();
    f.settle();
    REQUIRE(patient.size() == 2);
    CHECK(patient[0].records == std::vector<std::string>{"late"});
    CHECK(patient[1].records == std::vector<std::string>{"late"});
    CHECK(f.cache->stats().in_flight == 0);
}

TEST_CASE("CachedResolver: an answer too late for everybody is kept")
{
    SlowFixture f;
    std::vector<DnsReply> replies;
    f.start("example.org", steady_clock::now() + 1ms, replies);
    f.settle();
    f.slow->timer.cancel();
    f.settle();
    f.start("example.org", steady_clock::now() + 1ms, replies);
    f.settle();
    REQUIRE(replies.size() == 2);
    CHECK(replies[0].status == DnsStatus::tempfail);
    CHECK(replies[1].records == std::vector<std::string>{"late"});
    CHECK(f.slow->asked == 1);
}

TEST_CASE("CachedResolver: too many questions under way")
{
    CacheOptions options;
    options.max_in_flight = 2;
    SlowFixture f(std::move(options));
    std::vector<DnsReply> accepted, refused;
    f.start("a", far, accepted);
    f.start("b", far, accepted);
    f.start("b", far, accepted); // joins
    f.start("c", far, refused);
    f.settle();
    CHECK(f.slow->asked == 2);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].status == DnsStatus::tempfail);
    CHECK(f.cache->stats().refused == 1);

    f.slow->timer.cancel();
    f.settle();
    CHECK(accepted.size() == 3);
    f.start("c", far, refused); // not remembered as a tempfail: it was never asked
    f.settle();
    f.slow->timer.cancel();
    f.settle();
    REQUIRE(refused.size() == 2);
    CHECK(refused[1].status == DnsStatus::found);
}

TEST_CASE("CachedResolver: a fault of the resolver below is a tempfail")
{
    SlowFixture f;
    f.slow->fault = true;
    std::vector<DnsReply> replies;
    f.start("a", far, replies);
    f.settle();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == DnsStatus::tempfail);
    CHECK(f.cache->stats().in_flight == 0);
}

TEST_CASE("CachedResolver destroyed while it is asked: who waits gets tempfail")
{
    SlowFixture f;
    std::vector<DnsReply> replies;
    f.start("a", far, replies);
    f.start("a", far, replies);
    f.start("b", far, replies);
    f.settle();
    f.cache.reset();
    f.settle();
    REQUIRE(replies.size() == 3);
    for (const auto& reply : replies)
        CHECK(reply.status == DnsStatus::tempfail);
}

TEST_CASE("CachedResolver destroyed before its question went out")
{
    SlowFixture f;
    std::vector<DnsReply> replies;
    f.start("a", far, replies);
    asio::post(f.io, [&] { f.cache.reset(); });
    f.settle();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == DnsStatus::tempfail);
}

} // namespace postern
