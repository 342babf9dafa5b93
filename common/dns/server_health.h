// server_health - do the name servers answer at all?
//
// A question that no server has answered may be the fault of the domain that
// it was about, whose own servers ours are waiting for. So many in a row,
// without a single answer between them, are the fault of ours: then they are
// silent until the first answer, of whatever kind. What is not asked is not
// known: a minute after the last such question nobody calls them silent.
// Threads: told by that of the resolver; may be asked by any.
#pragma once

#include "common/facts.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

namespace postern {

class ServerHealth {
public:
    static constexpr std::uint64_t most_in_a_row = 5;
    static constexpr std::chrono::seconds remembered{60};

    using Time = std::chrono::steady_clock::time_point;
    struct Options {
        std::function<void(const FunctionState&)> on_change{}; // called on the resolver's thread
        std::function<Time()> now = std::chrono::steady_clock::now;
    };

    explicit ServerHealth(Options options);

    void answered();
    void unanswered();

    FunctionState state() const; // of the function "dns"
    void add_facts(Facts& facts) const;

private:
    FunctionState state_for(std::uint64_t in_a_row) const;

    Options options_;
    std::atomic<std::uint64_t> in_a_row_{0};
    std::atomic<std::uint64_t> all_{0};
    std::atomic<Time> last_{Time{}};
};

} // namespace postern
