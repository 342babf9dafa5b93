// clock - what time it is, so that a test can say so
//
// The wall clock, for times that are kept in a store. It may jump; who
// compares two of its values must bear a negative age. A wait or a deadline
// is measured on std::chrono::steady_clock instead (see Deadline).
#pragma once

#include <chrono>

namespace postern {

using Timestamp = std::chrono::sys_seconds;
using Deadline = std::chrono::steady_clock::time_point;

class Clock {
public:
    virtual ~Clock() = default;
    virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
public:
    Timestamp now() const override
    {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
};

} // namespace postern
