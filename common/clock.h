// clock - what time it is, so that a test can say so
//
// The wall clock, for times that are kept in a store. It may jump; who
// compares two of its values must bear a negative age. A wait or a deadline
// is measured on std::chrono::steady_clock instead (see Deadline).
#pragma once

#include <chrono>
#include <ctime>

namespace postern {

using Timestamp = std::chrono::sys_seconds;
using Deadline = std::chrono::steady_clock::time_point;

// The steady clock at its last tick, some milliseconds ago, for what is kept for seconds: each request asks it several
// times, and it costs a fifth of the exact one.
inline Deadline coarse_now()
{
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return Deadline(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

class Clock {
public:
    virtual ~Clock() = default;
    virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
public:
    Timestamp now() const override
    {
        return Timestamp(std::chrono::seconds(std::time(nullptr))); // of the last tick: a tenth of the price
    }
};

} // namespace postern
