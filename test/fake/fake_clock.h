// fake_clock - a time that moves when the test says so
#pragma once

#include "common/clock.h"

namespace postern {

class FakeClock final : public Clock {
public:
    Timestamp now() const override { return now_; }

    void advance(std::chrono::seconds by) { now_ += by; }
    void set(Timestamp now) { now_ = now; }

private:
    Timestamp now_{std::chrono::seconds(1'700'000'000)};
};

} // namespace postern
