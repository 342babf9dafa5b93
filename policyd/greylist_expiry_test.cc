#include "policyd/greylist_expiry.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("GreylistExpiry waits for a clock that has settled")
{
    using namespace std::chrono_literals;
    struct Case {
        const char* name;
        std::chrono::seconds wall;   // since the start
        std::chrono::seconds steady;
        bool want;
    };
    const Case cases[] = {
        {"start", 0s, 0s, false},
        {"not yet", 599s, 599s, false},
        {"settled", 600s, 600s, true},
        {"slewed a little", 760s, 710s, true},
        {"jumps a year ahead", 24h * 365, 711s, false},
        {"ten minutes later, ahead still", 24h * 365 + 599s, 1310s, false},
        {"that is the time, then", 24h * 365 + 600s, 1311s, true},
        {"jumps back", 1400s, 1400s, false},
        {"settled again", 2000s, 2000s, true},
    };
    GreylistExpiry expiry(10min);
    const Timestamp wall(1'700'000'000s);
    const std::chrono::steady_clock::time_point steady(1000s);
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(expiry.is_due(wall + c.wall, steady + c.steady) == c.want);
    }
}

} // namespace postern
