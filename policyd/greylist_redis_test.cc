#include "policyd/greylist_redis.h"

#include "policyd/greylist_redis_rows.h"
#include "policyd/postgrey_dump.h"
#include "policyd/postgrey_hash.h"
#include "test/fake/fake_clock.h"
#include "test/scratch_redis.h"

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

const GreylistPolicy policy{5min, 48h, 24h * 35, 5};

// A store whose loop the test turns by hand.
struct Setup {
    explicit Setup(const SocketAddress& address, RedisTimes times = {5s, 5s})
    {
        GreylistRedisOptions options;
        options.redis.servers = {address};
        options.redis.times = times;
        options.prefix = "g:";
        options.policy = policy;
        options.on_state = [this](const auto& trouble) { states.push_back(trouble); };
        open(std::move(options));
    }
    explicit Setup(GreylistRedisOptions options) { open(std::move(options)); }

    void open(GreylistRedisOptions options)
    {
        clock.set(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())); // Redis has its own
        store.emplace(io, clock, std::move(options));
    }

    Result<GreylistRows> find(const GreylistKeys& keys, Deadline deadline = std::chrono::steady_clock::now() + 20s)
    {
        auto result = asio::co_spawn(io, store->find(keys, deadline), asio::use_future);
        turn_until([&] { return result.wait_for(0s) == std::future_status::ready; });
        return result.get();
    }
    Result<GreylistRowPair> find(const GreylistKeyPair& pair)
    {
        const auto rows = find(GreylistKeys{pair, {}});
        return rows ? Result<GreylistRowPair>(rows->network) : tl::unexpected(rows.error());
    }

    // What the daemon does with a mail: "new", "early-retry (...)", "triplet found", "error: ...".
    std::string mail(const GreylistKeyPair& pair)
    {
        const auto rows = find(GreylistKeys{pair, {}});
        if (!rows)
            return "error: " + rows.error().what;
        const auto decision = greylist_decide(*rows, false, clock.now(), policy);
        store->apply(pair, decision.writes.network);
        return greylist_reason(decision);
    }

    void apply(const GreylistKeyPair& pair, const GreylistRowPair& rows)
    {
        store->apply(pair, rows);
        turn_until([&] { return store->state().waiting_writes == 0; });
    }

    void turn_until(const std::function<bool()>& done)
    {
        const auto limit = std::chrono::steady_clock::now() + 60s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > limit)
                FAIL("waited in vain: ", store->state().trouble);
            io.restart();
            io.run_for(2ms);
        }
    }

    Timestamp ago(std::chrono::seconds age) const { return clock.now() - age; }

    asio::io_context io;
    FakeClock clock;
    std::vector<std::string> states;
    std::optional<GreylistRedis> store;
};

GreylistKeyPair pair(const std::string& sender, const std::string& client = "192.0.2.0")
{
    return {client + "/" + sender + "/user@example.org", client};
}

} // namespace

TEST_CASE("greylist on Redis: a mail waits, comes again, and is known")
{
    const ScratchRedis redis;
    Setup setup(redis.address());
    CHECK(setup.mail(pair("a@b")) == "new");
    CHECK(setup.mail(pair("a@b")) == "early-retry (300s missing)");
    setup.clock.advance(301s);
    CHECK(setup.mail(pair("a@b")) == "triplet found");
    setup.turn_until([&] { return setup.store->state().waiting_writes == 0; });
    const auto rows = setup.find(pair("a@b"));
    REQUIRE(rows);
    REQUIRE(rows->triplet);
    CHECK(*rows->triplet == TripletRow{setup.ago(301s), setup.clock.now()});
    REQUIRE(rows->client);
    CHECK(rows->client->passes == 1);

    // as it is described in greylist_redis_rows.h
    CHECK(redis.tell("get g:192.0.2.0") == fmt::format("1 1 {}", setup.clock.now().time_since_epoch().count()));
    CHECK(std::stol(redis.tell("ttl g:192.0.2.0")) > 24 * 35 * 3600 - 1000);
    CHECK(redis.tell("dbsize") == "2");
    CHECK(setup.states.empty());
    CHECK(setup.store->recall(pair("a@b")) == std::nullopt);
}

TEST_CASE("greylist on Redis: both pairs, in one question")
{
    const ScratchRedis redis;
    Setup setup(redis.address());
    const auto network = pair("a@b"), domain = pair("a@b", "@b");
    setup.apply(domain, {TripletRow{setup.ago(10s), setup.ago(10s)}, ClientRow{4, setup.ago(20s)}});
    setup.apply(network, {{}, ClientRow{2, setup.ago(30s)}});
    const auto rows = setup.find(GreylistKeys{network, domain});
    REQUIRE(rows);
    CHECK(*rows == GreylistRows{{{}, ClientRow{2, setup.ago(30s)}},
                                {TripletRow{setup.ago(10s), setup.ago(10s)}, ClientRow{4, setup.ago(20s)}}});
}

TEST_CASE("greylist on Redis: what meets a row of its key")
{
    const ScratchRedis redis;
    Setup setup(redis.address());
    const auto t = [&](std::int64_t first, std::int64_t last) { // seconds ago
        return TripletRow{setup.ago(std::chrono::seconds(first)), setup.ago(std::chrono::seconds(last))};
    };
    const auto c = [&](std::int64_t passes, std::int64_t last) {
        return ClientRow{passes, setup.ago(std::chrono::seconds(last))};
    };
    constexpr std::int64_t window = 48 * 3600, age = 24 * 35 * 3600;
    struct Case {
        const char* name;
        std::optional<TripletRow> there_triplet, triplet, want_triplet;
        std::optional<ClientRow> there_client{}, client{}, want_client{};
    };
    const Case cases[] = {
        {"nothing", {}, t(5, 5), t(5, 5)},
        {"both wait: who waits longer stays", t(100, 100), t(5, 5), t(100, 100)},
        {"both wait: who waits longer comes", t(5, 5), t(100, 100), t(100, 100)},
        {"a pass is not lost to a wait", t(900, 600), t(5, 5), t(900, 600)},
        {"a pass comes", t(900, 900), t(900, 0), t(900, 0)},
        {"both passed: the later one stays", t(900, 10), t(900, 20), t(900, 10)},
        {"both passed: the later one comes", t(900, 20), t(900, 10), t(900, 10)},
        {"a wait that is over does not count", t(window + 10, window + 10), t(0, 0), t(0, 0)},
        {"a pass that is too old does not count", t(age + 900, age + 10), t(0, 0), t(0, 0)},
        {"of a clock far ahead", t(-900, -900), t(0, 0), t(0, 0)},
        {"of a clock a little ahead", t(-5, -5), t(0, 0), t(0, 0)},
        {"nobody", {}, {}, {}, {}, c(1, 0), c(1, 0)},
        {"more passes", {}, {}, {}, c(3, 50), c(4, 0), c(4, 0)},
        {"the most and the latest", {}, {}, {}, c(7, 50), c(4, 0), c(7, 0)},
        {"a client too old", {}, {}, {}, c(7, age + 10), c(1, 0), c(1, 0)},
        {"a row that is over is not written", {}, t(window + 10, window + 10), {}},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        redis.tell("flushall");
        const auto keys = pair("a@b");
        if (one.there_triplet)
            redis.tell("set g:" + keys.triplet + " '" + write_redis_row({"", *one.there_triplet}) + "'");
        if (one.there_client)
            redis.tell("set g:" + keys.client + " '" + write_redis_row({"", *one.there_client}) + "'");
        setup.apply(keys, {one.triplet, one.client});
        const auto rows = setup.find(keys);
        REQUIRE(rows);
        CHECK(rows->triplet == one.want_triplet);
        CHECK(rows->client == one.want_client);
    }
    CHECK(setup.store->state().lost_writes == 0);
}

TEST_CASE("greylist on Redis: what is not ours is left alone")
{
    const ScratchRedis redis;
    Setup setup(redis.address());
    const auto keys = pair("a@b");
    for (const std::string value : {"2 something", "nonsense"}) {
        redis.tell("set g:" + keys.triplet + " '" + value + "'");
        CHECK(setup.mail(keys).find("error: a row of another version") == 0);
        setup.apply(keys, {TripletRow{setup.ago(9s), setup.ago(9s)}, {}});
        CHECK(redis.tell("get g:" + keys.triplet) == value);
        CHECK(setup.mail(pair("other@b")) != "error");
    }
    CHECK(setup.store->state().lost_writes == 2);
    CHECK(setup.store->state().failed_finds == 2);
    CHECK(setup.store->state().trouble.empty());
    redis.tell("del g:" + keys.triplet);
    redis.tell("lpush g:" + keys.triplet + " x");
    CHECK(setup.mail(keys).find("error: WRONGTYPE") == 0);
    CHECK(setup.store->state().trouble.empty());
}

TEST_CASE("greylist on Redis: a retry at another host")
{
    const ScratchRedis redis;
    Setup one(redis.address()), other(redis.address());
    CHECK(one.mail(pair("a@b")) == "new");
    one.turn_until([&] { return one.store->state().waiting_writes == 0; });
    other.clock.advance(301s);
    CHECK(other.mail(pair("a@b")) == "triplet found");
    other.turn_until([&] { return other.store->state().waiting_writes == 0; });
    CHECK(one.find(pair("a@b"))->triplet->was_let_in());

    // Both see a mail for the first time, at once
    CHECK(one.mail(pair("c@d")) == "new");
    CHECK(other.mail(pair("c@d")).find("w") != std::string::npos); // new, or what the first has written
}

TEST_CASE("greylist on Redis: away, and back")
{
    ScratchRedis redis;
    Setup setup(redis.address());
    CHECK(setup.mail(pair("a@b")) == "new");
    setup.turn_until([&] { return setup.store->state().waiting_writes == 0; });
    redis.stop();
    setup.turn_until([&] { return !setup.store->state().trouble.empty(); });
    CHECK(setup.mail(pair("a@b")).find("error: inet:127.0.0.1:") == 0);
    CHECK(setup.store->state().failed_finds == 1);

    // What was being written is kept for it
    setup.store->apply(pair("kept@b"), {TripletRow{setup.ago(60s), setup.ago(60s)}, {}});
    CHECK(setup.store->state().waiting_writes == 1);
    redis.start();
    setup.turn_until([&] { return setup.store->state().trouble.empty() && setup.store->state().waiting_writes == 0; });
    CHECK(setup.find(pair("kept@b"))->triplet.has_value());
    CHECK(setup.mail(pair("a@b")) == "early-retry (300s missing)");
    CHECK(setup.store->state().lost_writes == 0);
    REQUIRE(setup.states.size() >= 2);
    CHECK(!setup.states.front().empty());
    CHECK(setup.states.back().empty());
}

TEST_CASE("greylist on Redis: killed and restarted while thousands ask")
{
    ScratchRedis redis;
    Setup setup(redis.address());
    const auto keys = pair("a@b");
    const GreylistKeys both{keys, {}};
    std::size_t asked = 0, answered = 0, found = 0;
    const auto ask = [&] {
        ++asked;
        asio::co_spawn(setup.io, setup.store->find(both, std::chrono::steady_clock::now() + 30s),
                       [&](const std::exception_ptr&, const Result<GreylistRows>& rows) {
                           ++answered;
                           found += rows.has_value();
                       });
    };
    for (int i = 0; i < 5000; ++i)
        ask();
    setup.turn_until([&] { return found > 0; });
    redis.silence();
    for (int i = 0; i < 5000; ++i)
        ask();
    setup.turn_until([&] { return asked == 10'000; });
    redis.stop();
    setup.turn_until([&] { return answered == asked; });
    redis.start();
    setup.turn_until([&] { return setup.store->state().trouble.empty(); });
    CHECK(setup.mail(keys) == "new");
    CHECK(setup.store->state().failed_finds == asked - found);
    CHECK(found < asked);
}

TEST_CASE("greylist on Redis: no answer by the deadline")
{
    ScratchRedis redis;
    Setup setup(redis.address());
    CHECK(setup.mail(pair("a@b")) == "new");
    redis.silence();
    const auto rows = setup.find(GreylistKeys{pair("a@b"), {}}, std::chrono::steady_clock::now() + 50ms);
    REQUIRE(!rows);
    CHECK(rows.error().what == "Redis did not answer in time");
    redis.speak();
}

TEST_CASE("greylist on Redis: a server that takes no more")
{
    const ScratchRedis redis;
    Setup setup(redis.address());
    CHECK(setup.mail(pair("a@b")) == "new");
    setup.turn_until([&] { return setup.store->state().waiting_writes == 0; });
    redis.tell("config set maxmemory 1");
    CHECK(setup.mail(pair("c@d")) == "new");
    setup.turn_until([&] { return setup.store->state().trouble.find("OOM") != std::string::npos; });
    CHECK(setup.mail(pair("e@f")).find("error: ") == 0); // or it would be new forever
    CHECK(setup.mail(pair("a@b")).find("early-retry") == 0);
    redis.tell("config set maxmemory 0");
    setup.turn_until([&] { return setup.store->state().trouble.empty() && setup.store->state().waiting_writes == 0; });
    CHECK(setup.mail(pair("c@d")).find("early-retry") == 0); // what was refused was written after all
    CHECK(setup.store->state().lost_writes == 0);
}

TEST_CASE("greylist on Redis: a user who may not read")
{
    const ScratchRedis redis({.lines = "user reader on >x ~* +ping +evalsha +eval +set"});
    GreylistRedisOptions options;
    options.redis.servers = {redis.address()};
    options.redis.login = {"reader", "x"};
    options.policy = policy;
    Setup setup(options);
    CHECK(setup.mail(pair("a@b")).find("error: NOPERM") == 0);
    CHECK(setup.store->state().trouble.find("NOPERM") == 0);
}

TEST_CASE("greylist on Redis: keys that postgrey had hashed")
{
    const ScratchRedis redis;
    Setup setup(redis.address());
    CHECK(setup.mail(pair("a@b")) == "new");
    const auto keys = greylist_keys(network_key(*parse_ip_address("198.51.100.7"), 24, 64), parse_mail_address("c@d"),
                                    parse_mail_address("user@example.org"));
    const auto hash = postgrey_hash(postgrey_texts(keys.triplet).front());
    redis.tell("set 'g:" + hash + "/' '" + write_redis_row({"", TripletRow{setup.ago(900s), setup.ago(600s)}}) + "'");
    CHECK(!setup.find(keys)->triplet); // nobody has said that there are any
    redis.tell("set 'g:%hashed' 1");
    setup.store->reread();
    setup.turn_until([&] { return setup.find(keys)->triplet.has_value(); });
}

TEST_CASE("greylist on Redis: in a cluster, the keys of a mail at several servers")
{
    ScratchRedisCluster cluster;
    GreylistRedisOptions options;
    options.redis.mode = RedisOptions::Mode::cluster;
    options.redis.servers = {cluster.c.address()};
    options.redis.times = {5s, 5s};
    options.prefix = "g:";
    options.policy = policy;
    Setup setup(options);
    for (int i = 0; i < 50; ++i)
        CHECK(setup.mail(pair(fmt::format("{}@b", i), fmt::format("192.0.{}.0", i))) == "new");
    setup.turn_until([&] { return setup.store->state().waiting_writes == 0; });
    setup.clock.advance(301s);
    for (int i = 0; i < 50; ++i)
        CHECK(setup.mail(pair(fmt::format("{}@b", i), fmt::format("192.0.{}.0", i))) == "triplet found");
    setup.turn_until([&] { return setup.store->state().waiting_writes == 0; });
    int keys = 0;
    for (const auto* node : {&cluster.a, &cluster.b, &cluster.c}) {
        const auto size = std::stoi(node->tell("dbsize"));
        CHECK(size > 5);
        keys += size;
    }
    CHECK(keys == 100);
    CHECK(setup.store->state().trouble.empty());
    CHECK(setup.store->state().lost_writes == 0);
}

TEST_CASE("greylist on Redis: files that cannot be used")
{
    GreylistRedisOptions options;
    options.redis.servers = {{"", "127.0.0.1", 1}};
    options.redis.tls = RedisTlsOptions{true, "/nonexistent/ca.pem", "", "", ""};
    Setup setup(options);
    CHECK(setup.mail(pair("a@b")).find("error: /nonexistent/ca.pem") == 0);
    CHECK(setup.store->state().trouble.find("/nonexistent/ca.pem") == 0);
}

} // namespace postern
