// policy_counts - what the policy daemon has answered since its start
//
// Kept by the chain, told in facts; both run on the event loop's thread. A
// reload does not begin anew.
#pragma once

#include "common/facts.h"
#include "common/latency_histogram.h"
#include "policyd/verdict.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace postern {

constexpr std::size_t action_count = static_cast<std::size_t>(Action::warn) + 1;

struct CheckCounts {
    std::array<std::uint64_t, action_count> verdicts{}; // by Action
    std::uint64_t observed = 0;                         // verdicts that were not acted on
    LatencyHistogram time;                              // of each

    std::uint64_t of(Action action) const { return verdicts[static_cast<std::size_t>(action)]; }
};

struct PolicyCounts {
    std::uint64_t requests = 0;                        // in any protocol_state
    std::array<std::uint64_t, action_count> answers{}; // at RCPT, by Action; a header is a dunno
    std::uint64_t headers = 0;                         // prepended
    LatencyHistogram time;                             // of the chain, at RCPT
    std::map<std::string, CheckCounts, std::less<>> checks;

    std::uint64_t of(Action action) const { return answers[static_cast<std::size_t>(action)]; }
};

void add_facts(const PolicyCounts& counts, Facts& facts);

} // namespace postern
