#include "common/redis/redis_reply.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

// "text", +status, -error, :1, nil, [a b]
std::string shown(const RedisReply& reply)
{
    switch (reply.kind) {
    case RedisReply::Kind::text:
        return "\"" + reply.text + "\"";
    case RedisReply::Kind::status:
        return "+" + reply.text;
    case RedisReply::Kind::error:
        return "-" + reply.text;
    case RedisReply::Kind::integer:
        return ":" + std::to_string(reply.integer);
    case RedisReply::Kind::nil:
        return "nil";
    case RedisReply::Kind::array:
        break;
    }
    std::string text = "[";
    for (const auto& item : reply.items)
        text += (text.size() > 1 ? " " : "") + shown(item);
    return text + "]";
}

// All the replies in it, as they come out when it arrives `step` octets at a time; "fault" where it breaks.
std::string read(std::string_view octets, std::size_t step)
{
    RedisReplyReader reader;
    std::string all;
    for (; !octets.empty(); octets.remove_prefix(std::min(step, octets.size()))) {
        if (!reader.feed(octets.substr(0, step)))
            return all + "fault";
        for (;;) {
            const auto reply = reader.next();
            if (!reply)
                return all + "fault";
            if (!*reply)
                break;
            all += shown(**reply) + ";";
        }
    }
    return all;
}

} // namespace

TEST_CASE("redis replies")
{
    struct Case {
        const char* name;
        std::string octets;
        std::string want;
    };
    const Case cases[] = {
        {"status", "+OK\r\n", "+OK;"},
        {"error", "-ERR unknown command\r\n", "-ERR unknown command;"},
        {"integer", ":-12\r\n", ":-12;"},
        {"text", "$5\r\na\r\nbc\r\n", "\"a\r\nbc\";"},
        {"empty text", "$0\r\n\r\n", "\"\";"},
        {"nil", "$-1\r\n", "nil;"},
        {"nil array", "*-1\r\n", "nil;"},
        {"empty array", "*0\r\n", "[];"},
        {"array", "*3\r\n$1\r\na\r\n:2\r\n$-1\r\n", "[\"a\" :2 nil];"},
        {"nested", "*2\r\n*2\r\n:1\r\n*1\r\n+x\r\n-E\r\n", "[[:1 [+x]] -E];"},
        {"two", "+OK\r\n$1\r\nx\r\n", "+OK;\"x\";"},
        {"not whole", "$10\r\nabc", ""},
        {"no type", "hello\r\n", "fault"},
        {"after one", "+OK\r\nhello\r\n", "+OK;fault"},
        {"RESP3 was not asked for", "%1\r\n+a\r\n+b\r\n", "fault"},
        {"too many items", "*2000000000\r\n", "fault"},
        {"more than their array has said", "*200000\r\n*200000\r\n", "fault"},
        {"negative", "*-7\r\n", "fault"},
        {"too deep", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "fault"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(read(c.octets, c.octets.size()) == c.want);
        CHECK(read(c.octets, 1) == c.want);
    }
}

TEST_CASE("a reply without an end")
{
    RedisReplyReader reader;
    CHECK(reader.feed("$2000000000\r\n"));
    const std::string octets(1'000'000, 'x');
    int fed = 0;
    while (fed < 100 && reader.feed(octets) && reader.next())
        ++fed;
    CHECK(fed == 7);
}

TEST_CASE("the word of an error")
{
    const RedisReply moved{RedisReply::Kind::error, "MOVED 1 a:1", 0, {}};
    CHECK(moved.is_error());
    CHECK(moved.is_error("MOVED"));
    CHECK(!moved.is_error("MOVE"));
    CHECK(!RedisReply{RedisReply::Kind::text, "MOVED 1 a:1", 0, {}}.is_error("MOVED"));
}

TEST_CASE("redis_command")
{
    CHECK(redis_command({"GET", "a b"}) == "*2\r\n$3\r\nGET\r\n$3\r\na b\r\n");
    CHECK(redis_command({"SET", "", std::string_view("\0\r\n", 3)})
          == std::string("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\n\0\r\n\r\n", 28));
}

} // namespace postern
