// filter_counts - what each filter has decided since the daemon's start, and what was found of each method of
// authentication
//
// Kept by the chain, told in facts. A reload does not begin anew. Every method may be called from any thread.
#pragma once

#include "common/facts.h"
#include "common/latency_histogram.h"
#include "milterd/filter.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace postern {

constexpr std::size_t filter_action_count = static_cast<std::size_t>(FilterAction::reject) + 1;

struct FilterCount {
    std::array<std::uint64_t, filter_action_count> verdicts{}; // by FilterAction
    std::uint64_t observed = 0; // verdicts that were not acted on
    std::uint64_t faults = 0; // exceptions, counted as defer too
    LatencyHistogram time; // of each
};

class FilterCounts {
public:
    struct Verdict {
        std::string_view filter; // a literal
        FilterAction action{};
        bool is_observed = false;
        bool is_fault = false;
        std::chrono::microseconds time{};
    };

    // How often each result of a method was found: a mail has as many of dkim as signatures.
    using Results = std::map<std::string, std::map<std::string, std::uint64_t>>; // method -> result (RFC 8601 2.7)

    // Of one mail, or a part of it.
    void add(std::span<const Verdict> verdicts, std::span<const AuthResult> results)
    {
        const std::lock_guard lock(mutex_);
        for (const auto& found : results)
            ++results_[found.method][found.result];
        for (const auto& verdict : verdicts) {
            auto& count = counts_[verdict.filter];
            ++count.verdicts[static_cast<std::size_t>(verdict.action)];
            count.observed += verdict.is_observed;
            count.faults += verdict.is_fault;
            count.time.add(verdict.time);
        }
    }

    std::map<std::string_view, FilterCount> all() const
    {
        const std::lock_guard lock(mutex_);
        return counts_;
    }

    Results results() const
    {
        const std::lock_guard lock(mutex_);
        return results_;
    }

private:
    mutable std::mutex mutex_;
    Results results_;
    std::map<std::string_view, FilterCount> counts_;
};

void add_facts(const FilterCounts& counts, Facts& facts);

} // namespace postern
