// policy_counts - what the policy daemon has answered since its start
//
// Kept by the chain, read by the control command "status"; both run on the
// event loop's thread. A reload does not begin anew.
#pragma once

#include "policyd/verdict.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace postern {

constexpr std::size_t action_count = static_cast<std::size_t>(Action::warn) + 1;

struct CheckCounts {
    std::array<std::uint64_t, action_count> verdicts{}; // by Action
    std::uint64_t observed = 0;                         // verdicts that were not acted on
    std::chrono::nanoseconds time{0};                   // spent in all of them

    std::uint64_t of(Action action) const { return verdicts[static_cast<std::size_t>(action)]; }
};

struct PolicyCounts {
    std::uint64_t requests = 0;                        // in any protocol_state
    std::array<std::uint64_t, action_count> answers{}; // at RCPT, by Action; a header is a dunno
    std::uint64_t headers = 0;                         // prepended
    std::map<std::string, CheckCounts, std::less<>> checks;

    std::uint64_t of(Action action) const { return answers[static_cast<std::size_t>(action)]; }
};

} // namespace postern
