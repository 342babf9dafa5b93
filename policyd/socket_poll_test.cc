#include "policyd/socket_poll.h"

#include <array>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>
#include <memory>
#include <sys/socket.h>

namespace postern {
namespace {

// Two ends of a connection, both non-blocking.
struct Pair {
    Pair()
    {
        std::array<int, 2> fds{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) == 0);
        ours = FileDescriptor(fds[0]);
        theirs = FileDescriptor(fds[1]);
    }
    void tell(char c) const { REQUIRE(::send(theirs.get(), &c, 1, 0) == 1); }
    char heard() const
    {
        char c = 0;
        return ::recv(ours.get(), &c, 1, 0) == 1 ? c : '-';
    }
    FileDescriptor ours, theirs;
};

class Fixture {
public:
    // Reads `pair` octet by octet into `text`, until it ends or is forgotten.
    void read_from(Pair& pair)
    {
        asio::co_spawn(
            io,
            [this, &pair]() -> asio::awaitable<void> {
                for (char c = 0; c != '-';) {
                    co_await poll->readable(pair.ours.get(), asio::use_awaitable);
                    c = pair.heard();
                    text += c;
                }
            },
            asio::detached);
    }

    void settle()
    {
        for (int i = 0; i < 20; ++i)
            io.poll();
    }

    asio::io_context io;
    std::unique_ptr<SocketPoll> poll = std::make_unique<SocketPoll>(io);
    std::string text;
};

} // namespace

TEST_CASE("SocketPoll: wakes for each octet, and for one that was there before the wait")
{
    Fixture fixture;
    Pair pair;
    pair.tell('a');
    fixture.read_from(pair);
    fixture.settle();
    CHECK(fixture.text == "a");
    pair.tell('b');
    pair.tell('c');
    fixture.settle();
    CHECK(fixture.text == "abc");
}

TEST_CASE("SocketPoll: wakes at the end of the connection")
{
    Fixture fixture;
    Pair pair;
    fixture.read_from(pair);
    fixture.settle();
    pair.theirs = {};
    fixture.settle();
    CHECK(fixture.text == "-");
}

TEST_CASE("SocketPoll: what nobody waits for is not told of again and again, and not lost")
{
    Fixture fixture;
    Pair first, second;
    fixture.read_from(first);
    first.tell('a');
    fixture.settle();
    first.theirs = {}; // its reader ends; nobody waits for it any more
    fixture.settle();
    CHECK(fixture.text == "a-");
    CHECK(fixture.io.poll() == 0);

    fixture.read_from(second);
    second.tell('b');
    fixture.settle();
    CHECK(fixture.text == "a-b");
    fixture.poll->forget(second.ours.get());
    second.ours = {};
    fixture.settle();
    CHECK(fixture.text == "a-b-");
}

TEST_CASE("SocketPoll: what is held until the end of a round waits for what came with it, and for no more")
{
    Fixture fixture;
    Pair first, second;
    CHECK_FALSE(fixture.poll->is_in_round());
    const auto serve = [&](Pair& pair) {
        asio::co_spawn(
            fixture.io,
            [&]() -> asio::awaitable<void> {
                for (int i = 0; i < 2; ++i) {
                    co_await fixture.poll->readable(pair.ours.get(), asio::use_awaitable);
                    fixture.text += pair.heard();
                    REQUIRE(fixture.poll->is_in_round());
                    co_await fixture.poll->round_end(asio::use_awaitable);
                    CHECK_FALSE(fixture.poll->is_in_round());
                    fixture.text += '.';
                }
            },
            asio::detached);
    };
    serve(first);
    serve(second);
    first.tell('a');
    second.tell('a');
    fixture.settle();
    CHECK(fixture.text == "aa..");
    first.tell('b');
    fixture.settle();
    second.tell('b');
    fixture.settle();
    CHECK(fixture.text == "aa..b.b.");
}

TEST_CASE("SocketPoll: wakes when there is room to write")
{
    Fixture fixture;
    Pair pair;
    const std::string much(1 << 16, 'x');
    while (::send(pair.ours.get(), much.data(), much.size(), 0) > 0) {
    }
    bool has_room = false;
    asio::co_spawn(
        fixture.io,
        [&]() -> asio::awaitable<void> {
            co_await fixture.poll->writable(pair.ours.get(), asio::use_awaitable);
            has_room = true;
        },
        asio::detached);
    fixture.settle();
    CHECK_FALSE(has_room);
    std::string sink(1 << 20, '\0');
    while (::recv(pair.theirs.get(), sink.data(), sink.size(), 0) > 0) {
    }
    fixture.settle();
    CHECK(has_room);
}

TEST_CASE("SocketPoll: may end while sockets are being served")
{
    Fixture fixture;
    Pair first, second;
    const auto serve = [&](Pair& pair, Pair& other) {
        asio::co_spawn(
            fixture.io,
            [&]() -> asio::awaitable<void> {
                co_await fixture.poll->readable(pair.ours.get(), asio::use_awaitable);
                if (fixture.text.empty()) { // the first one ends it for both
                    fixture.text = "served";
                    fixture.poll->forget(other.ours.get());
                    fixture.poll.reset();
                }
            },
            asio::detached);
    };
    serve(first, second);
    serve(second, first);
    first.tell('a');
    second.tell('a');
    fixture.settle();
    CHECK(fixture.text == "served");
    CHECK(fixture.io.run() == 0); // no work is left
}

} // namespace postern
