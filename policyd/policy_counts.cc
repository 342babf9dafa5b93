#include "policyd/policy_counts.h"

namespace postern {
namespace {

FactLine::Counts by_action(const std::array<std::uint64_t, action_count>& counts)
{
    FactLine::Counts by_action;
    for (std::size_t i = 0; i < counts.size(); ++i)
        by_action.emplace_back(action_name(static_cast<Action>(i)), counts[i]);
    return by_action;
}

} // namespace

void add_facts(const PolicyCounts& counts, Facts& facts)
{
    facts.line("requests").counter("", counts.requests, "Requests of Postfix, in any protocol_state.");
    facts.line("answers")
        .counters("", "action", by_action(counts.answers), "Answers at RCPT, by action; a header is a dunno.")
        .counter("headers", counts.headers, "Answers that add a header field.")
        .latency(counts.time, "Time that all checks took together for one recipient.");
    for (const auto& [name, check] : counts.checks)
        facts.line("check", {{"check", name}})
            .counters("verdicts", "verdict", by_action(check.verdicts), "Verdicts of a check, by action.")
            .counter("observed", check.observed, "Verdicts that were not acted on, for the check is observed.")
            .latency(check.time, "Time that one check took for one recipient.");
}

} // namespace postern
