#include "milterd/body_spool.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <memory>
#include <thread>
#include <unistd.h>
#include <vector>

namespace postern {
namespace {

std::string content_of(const BodySpool& spool)
{
    std::string text(1000, '\0');
    const auto size = ::pread(spool.descriptor(), text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
}

} // namespace

TEST_CASE("BodySpool holds what was written, up to its limits")
{
    using State = BodySpool::State;
    struct Case {
        const char* name;
        std::size_t budget;
        std::size_t max_size;
        std::vector<const char*> writes;
        State want;
        std::size_t want_used;
    };
    const Case cases[] = {
        {"nothing", 10, 10, {}, State::whole, 0},
        {"up to both limits", 10, 10, {"12345", "", "67890"}, State::whole, 10},
        {"over the message's", 100, 10, {"12345", "678901"}, State::too_large, 0},
        {"over the budget", 10, 100, {"12345", "678901"}, State::no_room, 0},
        {"over the budget, then over the message's", 10, 12, {"12345", "678901", "23"}, State::too_large, 0},
        {"one write over both", 3, 3, {"1234"}, State::too_large, 0},
        {"after the end of room nothing is held", 10, 100, {"12345678901", "1"}, State::no_room, 0},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto budget = std::make_shared<SpoolBudget>(c.budget);
        std::string all;
        {
            BodySpool spool(budget, c.max_size, "4XyZ12");
            for (const auto* text : c.writes) {
                spool.write(text);
                all += text;
            }
            CHECK(spool.state() == c.want);
            CHECK(spool.size() == all.size());
            CHECK(budget->used() == c.want_used);
            CHECK(budget->messages() == (c.want == State::whole ? 1 : 0));
            CHECK(budget->refused() == (c.want == State::no_room || std::string_view(c.name).starts_with("over the budget, then")));
            if (c.want == State::whole)
                CHECK(content_of(spool) == all);
        }
        CHECK(budget->used() == 0);
        CHECK(budget->messages() == 0);
    }
}

TEST_CASE("no more than so many messages are held")
{
    using State = BodySpool::State;
    const auto budget = std::make_shared<SpoolBudget>(SpoolLimits{1000, 2});
    auto first = std::make_unique<BodySpool>(budget, 100, "1");
    const BodySpool second(budget, 100, "2");
    BodySpool third(budget, 100, "3");
    third.write("text");
    CHECK(second.state() == State::whole);
    CHECK(third.state() == State::no_room);
    CHECK(budget->used() == 0);
    CHECK(budget->messages() == 2);
    CHECK(budget->refused() == 1);
    first.reset();
    CHECK(BodySpool(budget, 100, "4").state() == State::whole);
    CHECK(budget->messages() == 1);
}

TEST_CASE("the label names the descriptor, and cannot be more than a name")
{
    const auto budget = std::make_shared<SpoolBudget>(100);
    const BodySpool spool(budget, 100, "4Xy/../\n" + std::string(500, 'x'));
    REQUIRE(spool.state() == BodySpool::State::whole);
    const auto link = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(spool.descriptor())).string();
    CHECK(link == "/memfd:postern.4Xy_____" + std::string(56, 'x') + " (deleted)");
}

TEST_CASE("SpoolBudget is kept by threads together")
{
    SpoolBudget budget(1000);
    std::atomic<int> taken = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int k = 0; k < 1000; ++k)
                    taken += budget.take(7);
            });
    }
    CHECK(taken == 142);
    CHECK(budget.used() == 994);
    CHECK_FALSE(budget.take(~std::size_t{0}));
    budget.set_limits({10}); // a reload: what is held stays, no more is taken
    CHECK_FALSE(budget.take(1));
    budget.give_back(990);
    CHECK(budget.take(6));
}

} // namespace postern
