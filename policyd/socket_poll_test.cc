#include "policyd/socket_poll.h"

#include <array>
#include <deque>
#include <doctest/doctest.h>
#include <functional>
#include <memory>
#include <string>
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

// Does what it is told to, with the poll of a fixture.
class FakeClient final : public SocketPoll::Client {
public:
    explicit FakeClient(std::function<void()> on_ready, std::function<void()> on_go_on = {})
        : on_ready_(std::move(on_ready))
        , on_go_on_(std::move(on_go_on))
    {
    }
    void ready() override { on_ready_(); }
    void go_on() override { on_go_on_(); }

private:
    std::function<void()> on_ready_, on_go_on_;
};

class Fixture {
public:
    // Reads `pair` octet by octet into `text`, until it ends.
    void read_from(Pair& pair)
    {
        clients.emplace_back([this, &pair] {
            const char c = pair.heard();
            text += c;
            if (c == '-')
                poll->rest(pair.ours.get());
        });
        poll->wait_readable(pair.ours.get(), clients.back());
    }

    void settle()
    {
        for (int i = 0; i < 20; ++i)
            io.poll();
    }

    asio::io_context io;
    std::unique_ptr<SocketPoll> poll = std::make_unique<SocketPoll>(io);
    std::string text;
    std::deque<FakeClient> clients;
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

TEST_CASE("SocketPoll: who rests or has forgotten is not told, and nothing is lost")
{
    Fixture fixture;
    Pair first, second;
    fixture.read_from(first);
    first.tell('a');
    fixture.settle();
    first.theirs = {}; // its reader rests then
    fixture.settle();
    CHECK(fixture.text == "a-");
    CHECK(fixture.io.poll() == 0);

    fixture.read_from(second);
    fixture.poll->rest(second.ours.get());
    second.tell('b');
    fixture.settle();
    CHECK(fixture.text == "a-");
    fixture.poll->wait_readable(second.ours.get(), fixture.clients.back());
    fixture.settle();
    CHECK(fixture.text == "a-b");
    second.tell('c');
    fixture.poll->forget(second.ours.get());
    fixture.settle();
    CHECK(fixture.text == "a-b");
}

TEST_CASE("SocketPoll: who holds goes on when all of the round have come as far, and waits for no more")
{
    Fixture fixture;
    Pair first, second, third;
    std::deque<FakeClient> clients;
    std::deque<int> steps;
    const auto serve = [&](Pair& pair) {
        auto* const client = &clients.emplace_back(
            [&, index = clients.size()] {
                fixture.text += pair.heard();
                steps[index] = 0;
                CHECK(fixture.poll->hold(clients[index]));
            },
            [&, index = clients.size()] {
                fixture.text += static_cast<char>('1' + steps[index]);
                if (++steps[index] < 3)
                    CHECK(fixture.poll->hold(clients[index]));
            });
        steps.push_back(0);
        fixture.poll->wait_readable(pair.ours.get(), *client);
    };
    serve(first);
    serve(second);
    CHECK_FALSE(fixture.poll->hold(clients.front()));
    first.tell('a');
    second.tell('a');
    fixture.settle();
    CHECK(fixture.text == "aa112233");
    first.tell('b');
    fixture.settle();
    second.tell('b');
    fixture.settle();
    CHECK(fixture.text == "aa112233b123b123");
    CHECK_FALSE(fixture.poll->hold(clients.front())); // no round

    // Who is forgotten goes on no more: before the first step, and in the midst of one.
    auto& forgetter = clients.emplace_back(
        [&] {
            fixture.text += third.heard();
            fixture.poll->forget(first.ours.get());
            CHECK(fixture.poll->hold(clients.back()));
        },
        [&] {
            fixture.text += '!';
            fixture.poll->forget(second.ours.get());
        });
    fixture.poll->wait_readable(third.ours.get(), forgetter);
    third.tell('c');
    first.tell('c');
    second.tell('c');
    fixture.text.clear();
    fixture.settle();
    CHECK(fixture.text.find('!') != std::string::npos);
    CHECK(fixture.text.find('2') == std::string::npos);
}

TEST_CASE("SocketPoll: wakes when there is room to write")
{
    Fixture fixture;
    Pair pair;
    const std::string much(1 << 16, 'x');
    while (::send(pair.ours.get(), much.data(), much.size(), 0) > 0) {
    }
    bool has_room = false;
    FakeClient client([&] {
        has_room = true;
        fixture.poll->rest(pair.ours.get());
    });
    fixture.poll->wait_writable(pair.ours.get(), client);
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
        fixture.clients.emplace_back([&] {
            if (fixture.text.empty()) { // the first one ends it for both
                fixture.text = "served";
                fixture.poll->forget(pair.ours.get());
                fixture.poll->forget(other.ours.get());
                fixture.poll.reset();
            }
        });
        fixture.poll->wait_readable(pair.ours.get(), fixture.clients.back());
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
