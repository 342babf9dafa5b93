#include "common/dns/server_health.h"

#include <doctest/doctest.h>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Kind = FunctionState::Kind;

class Fixture {
public:
    void unanswered(std::uint64_t times)
    {
        for (; times > 0; --times)
            health.unanswered();
    }

    ServerHealth::Time now = ServerHealth::Time(1h);
    std::vector<std::string> told;
    ServerHealth health{{.on_change = [this](const FunctionState& state) {
                             told.push_back(std::string(state_name(state.kind)) + " " + state.reason);
                         },
                         .now = [this] { return now; }}};
};

} // namespace

TEST_CASE("ServerHealth: some questions without an answer are no fault of ours")
{
    Fixture fixture;
    CHECK(fixture.health.state().kind == Kind::ready);
    for (int i = 0; i < 10; ++i) {
        fixture.unanswered(ServerHealth::most_in_a_row - 1);
        CHECK(fixture.health.state().kind == Kind::ready);
        fixture.health.answered();
    }
    CHECK(fixture.told.empty());
}

TEST_CASE("ServerHealth: many in a row are, which is told once, and its end")
{
    Fixture fixture;
    fixture.unanswered(ServerHealth::most_in_a_row + 7);
    CHECK(fixture.health.state().kind == Kind::down);
    CHECK(fixture.health.state().reason == "no name server has answered the last 12 questions");
    fixture.health.answered();
    fixture.health.answered();
    CHECK(fixture.health.state().kind == Kind::ready);
    CHECK(fixture.told == std::vector<std::string>{"down no name server has answered the last 5 questions", "ready "});
}

TEST_CASE("ServerHealth: what nobody asks is not known to be silent")
{
    Fixture fixture;
    fixture.unanswered(ServerHealth::most_in_a_row);
    fixture.now += ServerHealth::remembered;
    CHECK(fixture.health.state().kind == Kind::ready);
    fixture.unanswered(1); // and still there is none
    CHECK(fixture.health.state().kind == Kind::down);
}

TEST_CASE("ServerHealth: facts")
{
    Fixture fixture;
    fixture.unanswered(6);
    Facts facts;
    fixture.health.add_facts(facts);
    const auto text = write_status(facts);
    CHECK(text.find("dns_servers unanswered=6\n") != std::string::npos);
    CHECK(text.find("function dns state=down reason=\"no name server has answered the last 6 questions\" "
                    "meanwhile=\"temperror, no score\"\n") != std::string::npos);
}

} // namespace postern
