#include "policyd/recipient_lookup.h"

#include "test/fake/fake_directory.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;
using enum RecipientStatus;

struct Setup {
    explicit Setup(RecipientLookup::Options options = {.exists_ttl = 1h, .unknown_ttl = 60s, .stale_ttl = 24h})
    {
        options.now = [this] { return now; };
        lookup = std::make_unique<RecipientLookup>(
            io, std::vector<RecipientSource>{{{"example.org"}, directory}, {{"example.org", "example.net"}, second}},
            options);
    }

    // Each asked at the same time.
    std::vector<RecipientAnswer> find(std::vector<std::pair<std::string, std::string>> addresses,
                                      std::chrono::milliseconds within = 5s)
    {
        std::vector<RecipientAnswer> answers(addresses.size());
        for (std::size_t i = 0; i < addresses.size(); ++i)
            asio::co_spawn(io,
                           lookup->find(addresses[i].first, addresses[i].second,
                                        std::chrono::steady_clock::now() + within),
                           [&answers, i](const std::exception_ptr&, RecipientAnswer answer) {
                               answers[i] = std::move(answer);
                           });
        io.restart();
        io.run();
        return answers;
    }

    RecipientStatus find(const std::string& address, const std::string& without = "")
    {
        return find({{address, without}}).front().status;
    }

    asio::io_context io;
    Deadline now{};
    std::shared_ptr<FakeDirectory> directory = std::make_shared<FakeDirectory>(std::set<std::string>{"a@example.org"});
    std::shared_ptr<FakeDirectory> second = std::make_shared<FakeDirectory>(std::set<std::string>{"b@example.org"});
    std::unique_ptr<RecipientLookup> lookup;
};

} // namespace

TEST_CASE("RecipientLookup: exists is remembered long, unknown is not")
{
    Setup setup;
    CHECK(setup.find("a@example.org") == exists);
    CHECK(setup.lookup->remembers("a@example.org"));
    CHECK(setup.lookup->remembers("a@example.org", setup.lookup->look_ahead("a@example.org")));
    CHECK_FALSE(setup.lookup->remembers("b@example.org", setup.lookup->look_ahead("b@example.org")));
    setup.now += 59min;
    CHECK(setup.find("a@example.org") == exists);
    CHECK(setup.directory->asked.size() == 1);
    setup.now += 1min;
    CHECK_FALSE(setup.lookup->remembers("a@example.org"));
    CHECK(setup.find("a@example.org") == exists);
    CHECK(setup.directory->asked.size() == 2);

    CHECK(setup.find("new@example.org") == unknown);
    setup.directory->addresses.insert("new@example.org");
    setup.now += 59s;
    CHECK(setup.find("new@example.org") == unknown);
    setup.now += 1s;
    CHECK(setup.find("new@example.org") == exists);
}

TEST_CASE("RecipientLookup: several directories for a domain")
{
    Setup setup;
    CHECK(setup.find("b@example.org") == exists); // the second one knows
    CHECK(setup.find("a@example.net") == unknown); // the first was not asked
    CHECK(setup.directory->asked == std::vector<std::string>{"b@example.org"});
    setup.directory->trouble = "down";
    CHECK(setup.find("c@example.org") == unavailable);
    CHECK(setup.find("d@example.net") == unknown);
    setup.second->addresses.insert("e@example.org");
    CHECK(setup.find("e@example.org") == exists);
}

TEST_CASE("RecipientLookup: what existed goes on to do so while the directory cannot say")
{
    Setup setup;
    CHECK(setup.find("a@example.org") == exists);
    setup.directory->trouble = "down";
    setup.now += 2h;
    CHECK(setup.find("a@example.org") == stale);
    CHECK(setup.find("never@example.org") == unavailable);
    CHECK(setup.find({{"never@example.org", ""}}).front().reason == "down");
    setup.now += 23h; // exists_ttl and stale_ttl since it was seen
    CHECK(setup.find("a@example.org") == unavailable);
    CHECK(setup.lookup->stats().stale == 1);
    CHECK(setup.lookup->stats().unavailable == 3);

    setup.directory->trouble = "";
    setup.directory->addresses.clear();
    CHECK(setup.find("a@example.org") == unknown);
    setup.directory->trouble = "down";
    setup.now += 61s;
    CHECK(setup.find("a@example.org") == unavailable); // it was known not to exist
}

TEST_CASE("RecipientLookup: extensions")
{
    Setup setup;
    CHECK(setup.find("a+x@example.org", "a@example.org") == exists);
    CHECK(setup.find("a+y@example.org", "a@example.org") == exists);
    CHECK(setup.directory->asked == std::vector<std::string>{"a@example.org"});
    setup.directory->addresses.insert("c+list@example.org");
    CHECK(setup.find("c+list@example.org", "c@example.org") == exists);
    CHECK(setup.find("c+other@example.org", "c@example.org") == unknown);
    setup.directory->trouble = "down";
    setup.now += 2h;
    CHECK(setup.find("a+z@example.org", "a@example.org") == stale);
}

TEST_CASE("RecipientLookup: equal questions are asked once, and not too many at all")
{
    Setup setup({.most_asked = 2});
    setup.directory->delay = 20ms;
    const auto answers = setup.find({{"a@example.org", ""}, {"a@example.org", ""}, {"b@example.org", ""}, {"c@example.org", ""}});
    CHECK(answers[0].status == exists);
    CHECK(answers[1].status == exists);
    CHECK(answers[2].status == exists);
    CHECK(answers[3].status == unavailable);
    CHECK(answers[3].reason == "too many recipients are asked for");
    CHECK(setup.directory->asked.size() == 2);
    const auto stats = setup.lookup->stats();
    CHECK(stats.joined == 1);
    CHECK(stats.refused == 1);
    CHECK(stats.in_flight == 0);
}

TEST_CASE("RecipientLookup: a deadline, and an answer that is too late is kept")
{
    Setup setup;
    setup.directory->delay = 50ms;
    CHECK(setup.find({{"a@example.org", ""}}, 5ms).front().reason == "no answer in time");
    CHECK(setup.lookup->remembers("a@example.org"));
}

TEST_CASE("RecipientLookup: bounded, and which domains are asked for")
{
    Setup setup({.capacity = 2});
    for (const char* address : {"a@example.org", "b@example.org", "c@example.org"})
        setup.find(address);
    CHECK(setup.lookup->stats().entries == 2);
    CHECK(setup.lookup->scope("example.net") == RecipientLookup::Scope::named);
    CHECK(setup.lookup->scope("sub.example.net") == RecipientLookup::Scope::outside);

    RecipientLookup any(setup.io, {{{}, setup.directory}}, {});
    CHECK(any.scope("example.net") == RecipientLookup::Scope::any_domain);
}

TEST_CASE("RecipientLookup may be destroyed while it asks")
{
    Setup setup;
    setup.directory->delay = 20ms;
    RecipientAnswer answer;
    asio::co_spawn(setup.io, setup.lookup->find("a@example.org", "", std::chrono::steady_clock::now() + 5s),
                   [&](const std::exception_ptr&, RecipientAnswer got) { answer = std::move(got); });
    setup.io.poll();
    setup.lookup.reset();
    setup.io.restart();
    setup.io.run();
    CHECK(answer.status == exists);
}

} // namespace postern
