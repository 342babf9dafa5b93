// latency_histogram - how long something took, counted in fixed buckets
//
// A bucket for each power of two of microseconds, up to a minute: to observe
// a time costs one increment and one addition, and a quantile read from it is
// right to a factor of two. Not for threads.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace postern {

class LatencyHistogram {
public:
    static constexpr std::size_t finite_buckets = 27; // the last one ends at 2^26 us, 67 s
    static constexpr std::size_t buckets = finite_buckets + 1;

    void add(std::chrono::nanoseconds time)
    {
        const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 1));
        const auto power = static_cast<std::size_t>(std::bit_width((nanoseconds - 1) / 1000));
        ++counts_[std::min(power, finite_buckets)];
        sum_ += time;
    }

    // The longest time that bucket `i` of the finite ones holds.
    static constexpr std::chrono::microseconds limit(std::size_t i) { return std::chrono::microseconds(1LL << i); }

    std::uint64_t in_bucket(std::size_t i) const { return counts_[i]; }
    std::chrono::nanoseconds sum() const { return sum_; }

    std::uint64_t count() const
    {
        std::uint64_t all = 0;
        for (const auto count : counts_)
            all += count;
        return all;
    }

    std::chrono::nanoseconds mean() const
    {
        return sum_ / static_cast<std::int64_t>(std::max<std::uint64_t>(count(), 1));
    }

    // A time that this share of all (0 to 1) did not exceed; zero where there are none.
    std::chrono::microseconds at_most(double share) const
    {
        const auto wanted = share * static_cast<double>(count());
        std::uint64_t so_far = 0;
        for (std::size_t i = 0; i < finite_buckets; ++i) {
            so_far += counts_[i];
            if (so_far > 0 && static_cast<double>(so_far) >= wanted)
                return limit(i);
        }
        return count() == 0 ? std::chrono::microseconds(0) : limit(finite_buckets);
    }

private:
    std::array<std::uint64_t, buckets> counts_{};
    std::chrono::nanoseconds sum_{0};
};

} // namespace postern
