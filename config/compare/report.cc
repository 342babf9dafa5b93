#include "config/compare/report.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace postern {
namespace {

std::string counted(std::uint64_t alike, std::uint64_t all, std::string_view what)
{
    return all == 0 ? "" : fmt::format("{}: {} of {} alike\n", what, alike, all);
}

} // namespace

std::string why_not_compared(const Comparison& comparison, const ComparedLogs& seen)
{
    if (seen.lines == 0)
        return "the logs have no line of that time";
    if (comparison.counts().old_lines == 0)
        return "the logs have no line of Postfix's";
    if (seen.records == 0)
        return "the logs have no decision of an observing Postern: is it plugged in by \"postern enable --observe\", "
               "and is log.level info?";
    return "";
}

std::string comparison_report(const Comparison& comparison, const ComparedLogs& seen)
{
    const auto& counts = comparison.counts();
    std::string text;
    if (seen.begin && seen.end)
        text += fmt::format("from {} to {}\n", log_time_text(*seen.begin), log_time_text(*seen.end));
    text += counted(counts.recipients_alike, counts.recipients, "recipients");
    text += counted(counts.messages_alike, counts.messages, "messages");
    text += counted(counts.spf_alike, counts.spf, "SPF results");
    if (counts.earlier_refusals > 0)
        text += fmt::format("{} recipients were refused before any of them was asked\n", counts.earlier_refusals);
    if (counts.unseen_refusals > 0)
        text += fmt::format("{} messages were refused by a milter, and Postern has no record of them\n",
                            counts.unseen_refusals);

    std::vector<const std::pair<const std::string, Difference>*> differences;
    for (const auto& difference : comparison.differences())
        differences.push_back(&difference);
    std::stable_sort(differences.begin(), differences.end(),
                     [](const auto* a, const auto* b) { return a->second.count > b->second.count; });
    for (const auto* difference : differences) {
        text += fmt::format("\n{} times: {}\n    {}\n", difference->second.count, difference->first,
                            difference->second.example);
        if (!difference->second.explain.empty())
            text += fmt::format("    {}\n", difference->second.explain);
    }
    if (differences.empty())
        text += "no differences\n";
    if (seen.faults.lines > 0)
        text += fmt::format("\n{} lines were not understood, the first: {}\n", seen.faults.lines, seen.faults.first);
    return text;
}

} // namespace postern
