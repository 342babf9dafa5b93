#include "common/redis/redis_slots.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

const SocketAddress asked{"", "192.0.2.1", 7000};

RedisReply read(std::string_view octets)
{
    RedisReplyReader reader;
    REQUIRE(reader.feed(octets));
    auto reply = reader.next();
    REQUIRE(reply);
    REQUIRE(*reply);
    return **reply;
}

} // namespace

TEST_CASE("redis_slot")
{
    struct Case {
        const char* key;
        int want; // as CLUSTER KEYSLOT has it
    };
    const Case cases[] = {
        {"", 0},
        {"123456789", 0x31c3}, // the check value of the CRC
        {"foo", 12182},
        {"{foo}.bar", 12182},
        {"bar.{foo}{bar}", 12182},
        {"{}foo", 9500},
        {"foo{", 7673},
        {"foo}{bar", 7624},
    };
    for (const auto& c : cases) {
        CAPTURE(c.key);
        CHECK(redis_slot(c.key) == c.want);
    }
}

TEST_CASE("read_redis_slots")
{
    struct Case {
        const char* name;
        std::string_view octets;
        std::string want; // "FIRST-LAST ADDRESS;", "fault"
    };
    const Case cases[] = {
        {"two servers",
         "*2\r\n*3\r\n:0\r\n:8191\r\n*3\r\n$9\r\n127.0.0.1\r\n:7001\r\n$2\r\nid\r\n"
         "*4\r\n:8192\r\n:16383\r\n*2\r\n$3\r\n::1\r\n:7002\r\n*2\r\n$1\r\na\r\n:1\r\n",
         "0-8191 inet:127.0.0.1:7001;8192-16383 inet:[::1]:7002;"},
        {"it does not know its own address", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$0\r\n\r\n:7001\r\n", "0-1 inet:192.0.2.1:7001;"},
        {"by no name", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$-1\r\n:7001\r\n", "0-1 inet:192.0.2.1:7001;"},
        {"no cluster", "-ERR This instance has cluster support disabled\r\n", "fault"},
        {"no slots", "*0\r\n", "fault"},
        {"no list", ":1\r\n", "fault"},
        {"an item is no range", "*1\r\n:1\r\n", "fault"},
        {"no server", "*1\r\n*2\r\n:0\r\n:1\r\n", "fault"},
        {"beyond the last", "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n", "fault"},
        {"backwards", "*1\r\n*3\r\n:2\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n", "fault"},
        {"port", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:65536\r\n", "fault"},
        {"no name of a host", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$3\r\na b\r\n:1\r\n", "fault"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        std::string got;
        if (const auto ranges = read_redis_slots(read(c.octets), asked))
            for (const auto& range : *ranges)
                got += fmt::format("{}-{} {};", range.first, range.last, range.server.text());
        else
            got = "fault";
        CHECK(got == c.want);
    }
}

TEST_CASE("read_redis_redirection")
{
    struct Case {
        const char* octets;
        std::string want;
    };
    const Case cases[] = {
        {"-MOVED 3999 127.0.0.1:6381\r\n", "moved 3999 inet:127.0.0.1:6381"},
        {"-ASK 16383 redis-2.example.org:6381\r\n", "ask 16383 inet:redis-2.example.org:6381"},
        {"-MOVED 1 :6381\r\n", "moved 1 inet:192.0.2.1:6381"},
        {"-MOVED 1 ::1:6381\r\n", "moved 1 inet:[::1]:6381"},
        {"-MOVED 16384 a:1\r\n", "none"},
        {"-MOVED 1\r\n", "none"},
        {"-MOVED\r\n", "none"},
        {"-MOVED x a:1\r\n", "none"},
        {"-MOVED 1 a:0\r\n", "none"},
        {"-MOVED 1 a\r\n", "none"},
        {"-CLUSTERDOWN The cluster is down\r\n", "none"},
        {"$11\r\nMOVED 1 a:1\r\n", "none"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.octets);
        const auto got = read_redis_redirection(read(c.octets), asked);
        CHECK((got ? fmt::format("{} {} {}", got->is_moved ? "moved" : "ask", got->slot, got->server.text()) : "none")
              == c.want);
    }
}

TEST_CASE("read_sentinel_answer")
{
    struct Case {
        const char* octets;
        std::string want;
    };
    const Case cases[] = {
        {"*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n", "inet:127.0.0.1:6379"},
        {"*2\r\n$3\r\n::1\r\n$4\r\n6379\r\n", "inet:[::1]:6379"},
        {"*-1\r\n", "knows no master of this name"},
        {"-NOAUTH Authentication \x1b required\r\n", "NOAUTH Authentication ? required"},
        {"*1\r\n$9\r\n127.0.0.1\r\n", "not an address"},
        {"*2\r\n$9\r\n127.0.0.1\r\n$5\r\n65536\r\n", "not an address"},
        {"*2\r\n$9\r\n127.0.0.1\r\n:6379\r\n", "not an address"},
        {"*2\r\n$3\r\na b\r\n$4\r\n6379\r\n", "not an address"},
        {"*2\r\n*0\r\n*0\r\n", "not an address"},
        {"+127.0.0.1:6379\r\n", "not an address"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.octets);
        const auto got = read_sentinel_answer(read(c.octets), asked);
        CHECK((got ? got->text() : got.error().what) == c.want);
    }
}

} // namespace postern
