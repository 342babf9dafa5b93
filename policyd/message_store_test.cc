#include "policyd/message_store.h"

#include <doctest/doctest.h>

namespace postern {

using namespace std::chrono_literals;

namespace {

constexpr MessageStore::Time start{std::chrono::hours(1)};

} // namespace

TEST_CASE("MessageStore: one message an instance")
{
    MessageStore store;
    const auto first = store.at("1.2.0", start);
    CHECK(store.at("1.2.0", start) == first);
    CHECK(store.at("1.3.0", start) != first);
    CHECK(store.find("1.2.0", start) == first);
    CHECK(store.size() == 2);
}

TEST_CASE("MessageStore: find makes none")
{
    MessageStore store;
    CHECK(store.find("1.2.0", start) == nullptr);
    CHECK(store.size() == 0);
}

TEST_CASE("MessageStore: an empty instance is never a key")
{
    MessageStore store;
    const auto first = store.at("", start);
    REQUIRE(first);
    CHECK(store.at("", start) != first);
    CHECK(store.find("", start) == nullptr);
    CHECK(store.size() == 0);
}

TEST_CASE("MessageStore: the one asked for longest ago goes first")
{
    MessageStore store(2);
    const auto a = store.at("a", start);
    store.at("b", start + 1s);
    store.at("a", start + 2s);
    store.at("c", start + 3s);

    CHECK(store.size() == 2);
    CHECK(store.find("a", start + 3s) == a);
    CHECK(store.find("b", start + 3s) == nullptr);
}

TEST_CASE("MessageStore: what was not asked for in its lifetime goes")
{
    MessageStore store(10, 60s);
    const auto a = store.at("a", start);
    store.at("b", start);
    CHECK(store.find("a", start + 60s) == a);
    CHECK(store.find("b", start + 61s) == nullptr);
    CHECK(store.find("a", start + 120s) == a);
    CHECK(store.find("a", start + 181s) == nullptr);
    CHECK(store.size() == 0);
}

TEST_CASE("MessageStore: a message that is forgotten lives on for who holds it")
{
    MessageStore store(1);
    const auto a = store.at("a", start);
    store.at("b", start);
    a->contribute("X: y");
    CHECK(a->headers.size() == 1);
    CHECK(store.at("a", start)->headers.empty());
}

TEST_CASE("MessageStore: 100,000 messages stay 5,000")
{
    MessageStore store;
    for (int i = 0; i < 100'000; ++i)
        store.at(std::to_string(i), start);
    CHECK(store.size() == 5'000);
    CHECK(store.find("99999", start));
    CHECK_FALSE(store.find("94999", start));
}

TEST_CASE("MessageStore: the messages of all connections have room, each its one and those that are over")
{
    struct Case {
        std::size_t connections, want;
    };
    MessageStore store;
    for (const auto& c : {Case{1, 5'000}, Case{2'000, 6'000}, Case{20'000, 60'000}, Case{100, 5'000}}) {
        CAPTURE(c.connections);
        store.make_room_for(c.connections);
        CHECK(store.capacity() == c.want);
        const auto first = store.at("first", start);
        for (std::size_t i = 0; i < c.connections; ++i) // each of the others begins one, and one more
            store.at(std::to_string(i), start), store.at("n" + std::to_string(i), start);
        CHECK(store.find("first", start) == first);
        CHECK(store.size() <= c.want);
    }
}

} // namespace postern
