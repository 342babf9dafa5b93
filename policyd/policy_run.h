// policy_run - one request on its way through the chain
//
// Who asks begins it and takes it on, check by check (policy). It keeps its
// memory from one request to the next. Not for threads.
#pragma once

#include "common/log_record.h"
#include "policyd/check.h"
#include "policyd/policy_context.h"
#include "policyd/policy_counts.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace postern {

// One check in its place.
struct PolicyStep {
    std::unique_ptr<Check> check;
    std::string_view field; // the name of its field in the record
    bool observe;
    CheckCounts* counts;
    PolicyContexts::Selection bit; // in what a place of main.cf asks for
};

// The answer as it takes shape, and the record of how it did.
class PolicyDecision {
public:
    // Forgets what it was. `is_observed`: the answer will be DUNNO.
    void begin(bool is_recorded, bool is_observed);

    // Takes the verdict of one check.
    void weigh(const PolicyStep& step, Verdict&& verdict, std::chrono::nanoseconds time);

    bool is_recorded() const { return is_recorded_; }
    bool is_observed() const { return is_observed_; }
    bool is_final() const { return heaviest_.weight() == Weight::final; }
    const Verdict& verdict() const { return heaviest_; }
    std::string_view decided_by() const { return decided_by_; } // empty: no check had anything to say
    const LogRecord& checks() const { return checks_; }

    bool has_header = false; // goes out with the answer

private:
    bool is_held_back(const PolicyStep& step, const Verdict& verdict) const;
    void record(const PolicyStep& step, const Verdict& verdict, std::chrono::nanoseconds time);

    bool is_recorded_ = false;
    bool is_observed_ = false;
    Verdict heaviest_;
    std::string_view decided_by_;
    LogRecord checks_;
};

class PolicyRun {
public:
    bool is_done() const { return is_done_; } // the reply is written

private:
    friend class Policy;

    const PolicyRequest* request_ = nullptr;
    std::uint64_t connection_ = 0;
    Deadline deadline_;
    std::string* reply_ = nullptr;
    std::shared_ptr<PolicyMessage> message_;
    PolicyContexts::Selection asked_ = 0;
    std::size_t ahead_ = 0; // steps that it was looked ahead
    std::size_t step_ = 0; // that is asked next; the one that is waited for
    std::chrono::steady_clock::time_point step_start_;
    std::chrono::nanoseconds time_{0}; // of all steps, without what others do between them
    PolicyDecision decision_;
    bool is_done_ = true;
};

} // namespace postern
