// recipient_harvest - who tries one address after the other
//
// Counts the unknown recipients that strangers' networks (IPv4 /24, IPv6 /64)
// have named. One that has named more than the limit within the window is told
// the same of every recipient until the window is over, so that it learns
// nothing more. Bounded: what was counted longest ago is forgotten.
#pragma once

#include "common/clock.h"
#include "common/ip_address.h"
#include "common/lru_cache.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace postern {

class RecipientHarvest {
public:
    struct Options {
        std::int64_t limit = 0; // 0: nobody is caught
        std::chrono::seconds window{600};
        std::size_t networks = 20'000; // counted at a time
        std::function<Deadline()> now = coarse_now;
    };

    explicit RecipientHarvest(Options options);

    bool is_caught(const IpAddress& client);
    void count_unknown(const IpAddress& client);

    std::size_t networks() const { return counts_.size(); }
    std::uint64_t times_caught() const { return times_caught_; }

private:
    struct Count {
        Deadline until;
        std::int64_t unknown = 0;
    };

    Options options_;
    LruCache<Count> counts_;
    std::uint64_t times_caught_ = 0;
};

} // namespace postern
