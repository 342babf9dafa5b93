// fake_clock - a time that moves when the test says so, for any thread to read
#pragma once

#include "common/clock.h"

#include <atomic>

namespace postern {

class FakeClock final : public Clock {
public:
    Timestamp now() const override { return now_; }

    void advance(std::chrono::seconds by) { now_ = now() + by; }
    void set(Timestamp now) { now_ = now; }

private:
    std::atomic<Timestamp> now_{Timestamp(std::chrono::seconds(1'700'000'000))};
};

} // namespace postern
