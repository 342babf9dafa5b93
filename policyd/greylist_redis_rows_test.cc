#include "policyd/greylist_redis_rows.h"

#include "common/redis/redis_reply.h"
#include "policyd/postgrey_hash.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

const GreylistPolicy policy{5min, 2h, 10h, 5};

Timestamp at(std::int64_t seconds)
{
    return Timestamp(std::chrono::seconds(seconds));
}

} // namespace

TEST_CASE("rows and their values")
{
    CHECK(write_redis_row({"a/b/c", TripletRow{at(1764283092), at(1764283392)}}) == "1 1764283092 1764283392");
    CHECK(write_redis_row({"a", ClientRow{5, at(1764283392)}}) == "1 5 1764283392");

    struct Case {
        const char* name;
        std::string_view value;
        bool is_triplet, is_client;
    };
    const Case cases[] = {
        {"both", "1 10 20", true, true},
        {"a wait", "1 10 10", true, true},
        {"last before first", "1 20 10", false, true},
        {"a later version", "2 10 20", false, false},
        {"another version", "10 10 20", false, false},
        {"empty", "", false, false},
        {"the version alone", "1 ", false, false},
        {"one number", "1 10", false, false},
        {"three", "1 10 20 30", false, false},
        {"negative", "1 -1 20", false, false},
        {"no number", "1 10 x", false, false},
        {"two blanks", "1  10", false, false},
        {"too large for a script", "1 10 1000000000000001", false, false},
        {"far too large", "1 10 99999999999999999999", false, false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto triplet = read_redis_triplet(c.value);
        const auto client = read_redis_client(c.value);
        CHECK(triplet.has_value() == c.is_triplet);
        CHECK(client.has_value() == c.is_client);
        if (triplet)
            CHECK(write_redis_row({"", *triplet}) == c.value);
        if (client)
            CHECK(write_redis_row({"", *client}) == c.value);
    }
}

TEST_CASE("names")
{
    const auto hash = postgrey_hash("x");
    struct Case {
        GreylistWrite row;
        std::string want;
    };
    const Case cases[] = {
        {{"192.0.2.0/a@b/c@d", TripletRow{}}, "p:192.0.2.0/a@b/c@d"},
        {{"@b", ClientRow{}}, "p:@b"},
        {{hash, TripletRow{}}, "p:" + hash + "/"},
        {{hash, ClientRow{}}, "p:" + hash},
        {{"192.0.2.0//", TripletRow{}}, "p:192.0.2.0//"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.want);
        CHECK(redis_name("p:", c.row) == c.want);
        const auto read = read_redis_name("p:", c.want);
        REQUIRE(read);
        CHECK(read->key == c.row.key);
        CHECK(read->is_triplet == std::holds_alternative<TripletRow>(c.row.row));
    }
    for (const auto* name : {"p:", "q:192.0.2.0", "p", "p:%hashed", ""}) {
        CAPTURE(name);
        CHECK(!read_redis_name("p:", name));
    }
}

TEST_CASE("what GET answers")
{
    using Kind = RedisReply::Kind;
    CHECK(read_redis_triplet(RedisReply{Kind::nil, "", 0, {}}).value() == std::nullopt);
    CHECK(read_redis_triplet(RedisReply{Kind::text, "1 1 2", 0, {}}).value() == TripletRow{at(1), at(2)});
    CHECK(read_redis_client(RedisReply{Kind::text, "1 3 2", 0, {}}).value() == ClientRow{3, at(2)});
    CHECK(read_redis_client(RedisReply{Kind::error, "LOADING", 0, {}}).error().what == "LOADING");
    CHECK(!read_redis_client(RedisReply{Kind::integer, "", 7, {}}));
    CHECK(!read_redis_triplet(RedisReply{Kind::text, "something", 0, {}}));
}

TEST_CASE("a row is set for as long as it counts")
{
    struct Case {
        const char* name;
        GreylistWrite row;
        const char* want; // the time; empty: it does not count any more
    };
    const Case cases[] = {
        {"it waits: the retry window", {"a/b/c", TripletRow{at(1000), at(1000)}}, "7201"},
        {"it was let in: the age", {"a/b/c", TripletRow{at(1000), at(1300)}}, "36301"},
        {"a client: the age", {"a", ClientRow{1, at(1000)}}, "36001"},
        {"its last second", {"a/b/c", TripletRow{at(1000 - 7200), at(1000 - 7200)}}, "1"},
        {"a second too late", {"a/b/c", TripletRow{at(999 - 7200), at(999 - 7200)}}, ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto command = redis_set_command("p:", c.row, at(1000), policy);
        CHECK(command.has_value() == (*c.want != '\0'));
        if (command)
            CHECK(*command == redis_command({"SET", "p:" + c.row.key, write_redis_row(c.row), "EX", c.want}));
    }
}

TEST_CASE("the name of the script is that of its text")
{
    const auto command = redis_merge_command("p:", {"a", ClientRow{1, at(2)}}, at(3), policy, false);
    CHECK(command
          == redis_command({"EVALSHA", postgrey_hash(redis_merge_script()).substr(1), "1", "p:a", "client", "1", "2", "3",
                            "7200", "36000"}));
    CHECK(redis_merge_command("", {"a/b/c", TripletRow{at(1), at(2)}}, at(3), policy, true)
          == redis_command({"EVAL", redis_merge_script(), "1", "a/b/c", "triplet", "1", "2", "3", "7200", "36000"}));
}

} // namespace postern
