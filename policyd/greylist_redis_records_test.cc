#include "policyd/greylist_redis_records.h"

#include "policyd/greylist_admin.h"
#include "policyd/postgrey_dump.h"
#include "policyd/postgrey_hash.h"
#include "test/fake/fake_clock.h"
#include "test/scratch_redis.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

const GreylistPolicy policy{5min, 48h, 24h * 35, 5};

struct Setup {
    explicit Setup(RedisOptions redis)
    {
        clock.set(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())); // Redis has its own
        auto opened = GreylistRedisRecords::open({std::move(redis), "g*[:", policy}, clock);
        REQUIRE(opened);
        records = std::move(*opened);
    }

    static RedisOptions to(const SocketAddress& address, RedisOptions::Mode mode = RedisOptions::Mode::server)
    {
        RedisOptions options;
        options.mode = mode;
        options.servers = {address};
        options.times = {5s, 5s};
        return options;
    }

    // Some rows; written in no order.
    void fill()
    {
        const GreylistWrite rows[] = {
            {"198.51.100.0/c@example.org/me@example.net", TripletRow{ago(10s), ago(10s)}},
            {"192.0.2.0/a@example.org/me@example.net", TripletRow{ago(24h), ago(1h)}},
            {"@example.org", ClientRow{2, ago(1h)}},
            {"192.0.2.0//me@example.net", TripletRow{ago(1h), ago(1h)}},
            {"192.0.2.0", ClientRow{7, ago(1h)}},
        };
        REQUIRE(records->write(rows));
    }

    GreylistAdmin admin()
    {
        output.clear();
        return {*records, {policy}, clock.now(), [this](std::string_view text) {
                    output.append(text);
                    return true;
                }};
    }

    bool said(std::string_view text) const
    {
        INFO(output);
        return output.find(text) != std::string::npos;
    }

    static GreylistAdmin::Input input(std::string text)
    {
        return [rest = std::move(text)](std::string& line) mutable {
            line = rest.substr(0, rest.find('\n'));
            rest.erase(0, std::min(line.size() + 1, rest.size()));
            return !line.empty();
        };
    }

    Timestamp ago(std::chrono::seconds age) const { return clock.now() - age; }

    FakeClock clock;
    std::unique_ptr<GreylistRedisRecords> records;
    std::string output;
};

} // namespace

TEST_CASE("rows in Redis: what an operator does with them")
{
    const ScratchRedis redis;
    redis.tell("set other 1");
    redis.tell("set 'gx[:192.0.2.9' '1 1 1'"); // not behind our prefix
    redis.tell("set 'g*[:192.0.2.8' nonsense");
    Setup setup(Setup::to(redis.address()));
    setup.fill();

    REQUIRE(setup.admin().list({}));
    CHECK(setup.output.find(" 192.0.2.0 - me@example.net\n") < setup.output.find(" 192.0.2.0 a@example.org "));
    CHECK(setup.output.find(" 192.0.2.0 a@example.org ") < setup.output.find(" 198.51.100.0 c@example.org "));
    REQUIRE(setup.admin().clients({}));
    CHECK(std::count(setup.output.begin(), setup.output.end(), '\n') == 2);
    REQUIRE(setup.admin().stats());
    CHECK(setup.said("triplets 3\nwaiting 2\npassed 1\nby_domain 0\nhashed 0\nclients 2\nwhitelisted 1\n"));
    REQUIRE(setup.admin().report(false));
    CHECK(setup.said("192.0.2.0 1 "));

    REQUIRE(setup.admin().show("198.51.100.7", "c@example.org", "me@example.net"));
    CHECK(setup.said("now waits early-retry"));
    REQUIRE(setup.admin().pass("198.51.100.7", "c@example.org", "me@example.net"));
    REQUIRE(setup.admin().show("198.51.100.7", "c@example.org", "me@example.net"));
    CHECK(setup.said("now passes triplet found"));

    REQUIRE(setup.admin().forget("192.0.2.1", "", "")); // all of the client
    CHECK(setup.said("forgotten 192.0.2.0\n"));
    CHECK(setup.said("forgotten 192.0.2.0/a@example.org/me@example.net\n"));
    CHECK(setup.said("forgotten 192.0.2.0//me@example.net\n"));
    REQUIRE(setup.admin().stats());
    CHECK(setup.said("triplets 1\n"));
    CHECK(!setup.admin().forget("192.0.2.1", "", ""));
    CHECK(redis.tell("get other") == "1");
}

TEST_CASE("rows in Redis: out, and in again, what is worth more stays")
{
    const ScratchRedis redis, other;
    Setup from(Setup::to(redis.address())), to(Setup::to(other.address()));
    from.fill();
    REQUIRE(from.admin().export_all());
    const auto text = from.output;
    const auto imported = to.admin().import(Setup::input(text));
    REQUIRE(imported);
    CHECK(imported->read == 5);
    CHECK(imported->written == 5);
    REQUIRE(to.admin().export_all());
    CHECK(to.output == text);
    const auto again = to.admin().import(Setup::input(text));
    REQUIRE(again);
    CHECK(again->written == 0);

    const auto now = from.clock.now().time_since_epoch().count();
    const auto more = to.admin().import(Setup::input(
        fmt::format("triplet {} {} 192.0.2.0/a@example.org/me@example.net\nclient 9 {} 192.0.2.0\n"
                    "triplet 1000 1000 192.0.2.0/old@example.org/me@example.net\n", now - 5, now - 5, now - 9000)));
    REQUIRE(more);
    CHECK(more->written == 1); // the client's; a wait is not worth a pass, and the last one is over
    REQUIRE(to.admin().clients({}));
    CHECK(to.said("whitelisted 9 "));
}

TEST_CASE("rows in Redis: many, over several pages")
{
    const ScratchRedis redis;
    Setup setup(Setup::to(redis.address()));
    std::vector<GreylistWrite> rows;
    for (int i = 0; i < 4500; ++i)
        rows.push_back({fmt::format("192.0.2.0/{}@example.org/me@example.net", i), TripletRow{setup.ago(9s), setup.ago(9s)}});
    const auto written = setup.records->merge(rows);
    REQUIRE(written);
    CHECK(*written == 4500);
    REQUIRE(setup.admin().list({}));
    CHECK(std::count(setup.output.begin(), setup.output.end(), '\n') == 4500);
    REQUIRE(setup.admin().forget("192.0.2.0", "", ""));
    CHECK(redis.tell("dbsize") == "0");
}

TEST_CASE("rows in Redis: keys that postgrey had hashed")
{
    const ScratchRedis redis;
    Setup setup(Setup::to(redis.address()));
    const auto keys = greylist_keys(network_key(*parse_ip_address("198.51.100.7"), 24, 64), parse_mail_address("c@d"),
                                    parse_mail_address("me@example.net"));
    const GreylistWrite rows[] = {
        {postgrey_hash(postgrey_texts(keys.triplet).front()), TripletRow{setup.ago(24h), setup.ago(1h)}},
        {postgrey_hash(postgrey_texts(keys.client).front()), ClientRow{6, setup.ago(1h)}},
    };
    REQUIRE(setup.records->merge(rows));
    const auto found = setup.records->find(keys);
    REQUIRE(found);
    CHECK(found->triplet.has_value());
    CHECK(found->client == ClientRow{6, setup.ago(1h)});
    CHECK(redis.tell("get 'g*[:%hashed'") == "1");
    REQUIRE(setup.admin().stats());
    CHECK(setup.said("triplets 1\n"));
    CHECK(setup.said("hashed 1\nclients 1\n"));
}

TEST_CASE("rows in a cluster of Redis")
{
    ScratchRedisCluster cluster;
    Setup setup(Setup::to(cluster.a.address(), RedisOptions::Mode::cluster));
    std::vector<GreylistWrite> rows;
    for (int i = 0; i < 300; ++i)
        rows.push_back({fmt::format("192.0.{}.0", i), ClientRow{1, setup.ago(9s)}});
    REQUIRE(setup.records->merge(rows));
    REQUIRE(setup.admin().clients({}));
    CHECK(std::count(setup.output.begin(), setup.output.end(), '\n') == 300);
    for (const auto* node : {&cluster.a, &cluster.b, &cluster.c})
        CHECK(std::stoi(node->tell("dbsize")) > 30);
    REQUIRE(setup.records->erase(rows));
    REQUIRE(setup.admin().clients({}));
    CHECK(setup.output.empty());
}

TEST_CASE("rows in Redis: what cannot be used is said")
{
    ScratchRedis redis({.lines = "requirepass secret"});
    const SystemClock clock;
    auto options = Setup::to(redis.address());
    const auto opened = [&] { return GreylistRedisRecords::open({options, "g:", policy}, clock); };
    CHECK(opened().error().what.find("NOAUTH") != std::string::npos);
    options.login.password = "guess";
    CHECK(opened().error().what.find("WRONGPASS") != std::string::npos);
    options.login.password = "secret";
    auto records = opened();
    REQUIRE(records);
    redis.stop();
    CHECK(!(*records)->find({"192.0.2.0/a/b", "192.0.2.0"}));
    CHECK(opened().error().what.find("refused") != std::string::npos);
    const ScratchRedis second;
    options = Setup::to(redis.address());
    options.servers.push_back(second.address());
    CHECK(opened());
}

} // namespace postern
