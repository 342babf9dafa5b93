#include "config/health/health.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("is_sound_answer: who answered RCPT TO, and what it says of the rest")
{
    struct Case {
        const char* text;
        bool want;
    };
    const Case cases[] = {
        {"250 2.1.5 Ok", true},
        {"550 5.1.1 User unknown", true},
        {"554 5.7.1 Relay access denied", true},
        {"450 4.2.0 <a@b>: Recipient address rejected: Greylisted", true},
        {"450 4.1.1 <a@b>: User unknown", true},
        {"451 4.3.0 Recipients cannot be verified at present", false},
        {"451 4.7.1 Service unavailable - try again later", false},
        {"421 4.3.2 All server ports are busy", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        CHECK(is_sound_answer(std::stoi(c.text), c.text) == c.want);
    }
}

TEST_CASE("parse_health_plan")
{
    const auto plan = parse_health_plan("policyd unix:/run/p\nrecipient postmaster@a.example\n\nproxy haproxy\n");
    REQUIRE(plan);
    CHECK(plan->policyd == "unix:/run/p");
    CHECK(plan->milterd.empty());
    CHECK(plan->recipient == "postmaster@a.example");
    CHECK(plan->speaks_proxy);
    CHECK_FALSE(parse_health_plan("policyd\n"));
    CHECK_FALSE(parse_health_plan("else where\n"));
}

TEST_CASE("nobody there")
{
    CHECK_FALSE(check_policyd("unix:/nonexistent/policy", std::chrono::milliseconds(100)));
    CHECK_FALSE(check_milterd("unix:/nonexistent/milter", std::chrono::milliseconds(100)));
}

} // namespace postern
