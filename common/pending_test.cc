#include "common/pending.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <doctest/doctest.h>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

void wait_on(asio::io_context& io, std::shared_ptr<Pending<int>> pending, Deadline deadline, std::vector<int>& got)
{
    asio::co_spawn(
        io,
        [=, &got]() -> asio::awaitable<void> {
            got.push_back((co_await Pending<int>::wait(pending, deadline)).value_or(-1));
        },
        asio::detached);
}

} // namespace

TEST_CASE("Pending: each waits until its own deadline, none disturbs the others")
{
    asio::io_context io;
    auto pending = std::make_shared<Pending<int>>();
    std::vector<int> got;
    const auto now = steady_clock::now();
    wait_on(io, pending, now + 10s, got);
    wait_on(io, pending, now + 5ms, got);
    wait_on(io, pending, now - 1s, got);
    wait_on(io, pending, Deadline::max(), got);
    io.run_for(50ms);
    CHECK(got == std::vector{-1, -1}); // the two whose time was up

    pending->complete(7);
    pending->complete(8);
    CHECK(got.size() == 2); // nobody runs inside complete()
    io.restart();
    io.run();
    CHECK(got == std::vector{-1, -1, 7, 7});

    wait_on(io, pending, now - 1s, got); // what is there needs no time
    io.restart();
    io.run();
    CHECK(got.back() == 7);
}

TEST_CASE("Pending: waiters that are destroyed leave nothing behind")
{
    auto pending = std::make_shared<Pending<int>>();
    std::vector<int> got;
    {
        asio::io_context io;
        wait_on(io, pending, steady_clock::now() + 10s, got);
        io.run_for(1ms);
    }
    CHECK(got.empty());
}

} // namespace postern
