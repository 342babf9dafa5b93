#include "milterd/filter_counts.h"

#include "milterd/filter_chain.h"

namespace postern {
namespace {

FactLine::Counts by_action(const std::array<std::uint64_t, filter_action_count>& counts)
{
    FactLine::Counts by_action;
    for (std::size_t i = 0; i < counts.size(); ++i)
        by_action.emplace_back(filter_action_name(static_cast<FilterAction>(i)), counts[i]);
    return by_action;
}

} // namespace

void add_facts(const FilterCounts& counts, Facts& facts)
{
    for (const auto& [name, filter] : counts.all())
        facts.line("filter", {{"filter", std::string(name)}})
            .counters("verdicts", "verdict", by_action(filter.verdicts), "Verdicts of a filter, by action.")
            .counter("observed", filter.observed, "Verdicts that were not acted on, for the filter is observed.")
            .counter("faults", filter.faults, "Exceptions of a filter, counted as defer too.")
            .latency(filter.time, "Time that a message waited for the verdict of one filter.");
    for (const auto& [method, results] : counts.results())
        facts.line("authentication", {{"method", method}})
            .counters("results", "result", {results.begin(), results.end()},
                      "Results of a method, as Authentication-Results has them; of dkim one a signature.");
}

} // namespace postern
