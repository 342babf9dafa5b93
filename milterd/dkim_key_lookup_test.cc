#include "milterd/dkim_key_lookup.h"

#include "test/fake/fake_resolver.h"
#include "test/io_thread.h"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <atomic>
#include <doctest/doctest.h>
#include <stdexcept>

namespace postern {
namespace {

using namespace std::chrono_literals;

Deadline in(std::chrono::milliseconds time)
{
    return std::chrono::steady_clock::now() + time;
}

// Answers when so many questions are there, and before that never.
class TogetherResolver final : public Resolver {
public:
    explicit TogetherResolver(int wanted)
        : wanted_(wanted)
    {
    }

    asio::awaitable<DnsReply> lookup(std::string name, RrType, Deadline deadline) override
    {
        ++asked;
        asio::steady_timer timer(co_await asio::this_coro::executor);
        while (asked < wanted_) {
            if (std::chrono::steady_clock::now() >= deadline)
                co_return DnsReply{};
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_return found({name});
    }

    std::atomic<int> asked = 0;

private:
    int wanted_;
};

class ThrowingResolver final : public Resolver {
public:
    asio::awaitable<DnsReply> lookup(std::string, RrType, Deadline) override
    {
        throw std::runtime_error("no resolver today");
        co_return DnsReply{};
    }
};

} // namespace

TEST_CASE("DkimKeyLookup asks for everything at once and keeps the order")
{
    TogetherResolver resolver(5);
    IoThread io;
    DkimKeyLookup lookup(resolver, io.executor(), {"a", "b", "c", "d", "e"}, in(60s));
    const auto replies = lookup.wait(in(60s));
    REQUIRE(replies.size() == 5);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        CHECK(replies[i].status == DnsStatus::found);
        CHECK(replies[i].records == std::vector<std::string>{std::string(1, static_cast<char>('a' + i))});
    }
}

TEST_CASE("DkimKeyLookup waits no longer than the deadline, and what is missing is \"ask again later\"")
{
    TogetherResolver resolver(2); // of which one never comes
    IoThread io;
    DkimKeyLookup lookup(resolver, io.executor(), {"a"}, in(60s));
    const auto start = std::chrono::steady_clock::now();
    const auto replies = lookup.wait(in(20ms));
    CHECK(std::chrono::steady_clock::now() - start < 10s);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == DnsStatus::tempfail);

    SUBCASE("a deadline that is over does not wait at all")
    {
        CHECK(lookup.wait(in(-1s))[0].status == DnsStatus::tempfail);
    }
    SUBCASE("an answer that is there is taken even then")
    {
        FakeResolver quick({{{"b", RrType::txt}, found({"x"})}});
        DkimKeyLookup second(quick, io.executor(), {"b"}, in(60s));
        CHECK(second.wait(in(60s))[0].status == DnsStatus::found);
        CHECK(second.wait(in(-1s))[0].status == DnsStatus::found);
    }
}

TEST_CASE("DkimKeyLookup: answers may come when nobody waits any more")
{
    TogetherResolver resolver(2);
    IoThread io;
    {
        const DkimKeyLookup aborted(resolver, io.executor(), {"a"}, in(60s));
    }
    DkimKeyLookup lookup(resolver, io.executor(), {"b"}, in(60s)); // lets the first one's answer come, too
    CHECK(lookup.wait(in(60s))[0].status == DnsStatus::found);
}

TEST_CASE("DkimKeyLookup: an exception is \"ask again later\"")
{
    ThrowingResolver resolver;
    IoThread io;
    DkimKeyLookup lookup(resolver, io.executor(), {"a"}, in(60s));
    CHECK(lookup.wait(in(60s))[0].status == DnsStatus::tempfail);
}

TEST_CASE("DkimKeyLookup of nothing does not wait")
{
    FakeResolver resolver;
    IoThread io;
    DkimKeyLookup lookup(resolver, io.executor(), {}, in(60s));
    CHECK(lookup.wait(in(60s)).empty());
}

} // namespace postern
