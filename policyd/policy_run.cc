#include "policyd/policy_run.h"

#include "common/text.h"

#include <utility>

namespace postern {

void PolicyDecision::begin(bool is_recorded, bool is_observed)
{
    has_header = false;
    is_recorded_ = is_recorded;
    is_observed_ = is_observed;
    heaviest_ = {};
    decided_by_ = {};
    checks_.clear();
}

void PolicyDecision::weigh(const PolicyStep& step, Verdict&& verdict, std::chrono::nanoseconds time)
{
    ++step.counts->verdicts[static_cast<std::size_t>(verdict.action)];
    step.counts->time.add(time);
    if (is_recorded_)
        record(step, verdict, time);
    step.counts->observed += is_held_back(step, verdict);
    if (step.observe)
        return;
    if (verdict.weight() > heaviest_.weight()) {
        heaviest_ = std::move(verdict);
        decided_by_ = step.check->name();
    }
}

bool PolicyDecision::is_held_back(const PolicyStep& step, const Verdict& verdict) const
{
    return (step.observe || is_observed_) && verdict.weight() != Weight::none;
}

// "reject fail 85us"; "would-reject fail 85us" of a check that is observed
void PolicyDecision::record(const PolicyStep& step, const Verdict& verdict, std::chrono::nanoseconds time)
{
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    checks_.add(step.field, {is_held_back(step, verdict) ? "would-" : "", action_name(verdict.action),
                             verdict.reason.empty() ? "" : " ", verdict.reason, " ", Decimal(microseconds), "us"});
}

} // namespace postern
