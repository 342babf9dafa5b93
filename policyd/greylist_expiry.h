// greylist_expiry - may old rows be deleted now?
//
// Deleting cannot be undone, so it waits for a clock that can be trusted: not
// before the program has run for `settled`, and again not before `settled`
// has passed since the wall clock was last seen to jump against the steady
// one. A host that boots with a wrong year keeps its greylist.
#pragma once

#include "common/clock.h"

#include <chrono>

namespace postern {

class GreylistExpiry {
public:
    using Steady = std::chrono::steady_clock::time_point;

    explicit GreylistExpiry(std::chrono::seconds settled = std::chrono::minutes(10))
        : settled_(settled)
    {
    }

    // Ask often, at least every few minutes: a jump is seen between two calls.
    bool is_due(Timestamp wall, Steady steady)
    {
        constexpr auto tolerance = std::chrono::minutes(1); // slewing, a suspended machine's rounding
        const auto drift = (wall - wall_) - std::chrono::floor<std::chrono::seconds>(steady - steady_);
        if (!has_started_ || drift > tolerance || drift < -tolerance)
            trusted_from_ = steady + settled_;
        has_started_ = true;
        wall_ = wall;
        steady_ = steady;
        return steady >= trusted_from_;
    }

private:
    std::chrono::seconds settled_;
    bool has_started_ = false;
    Timestamp wall_{};
    Steady steady_{};
    Steady trusted_from_{};
};

} // namespace postern
