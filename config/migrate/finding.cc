#include "config/migrate/finding.h"

#include "common/text.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace postern {
namespace {

constexpr std::size_t longest = 400; // octets shown of what an old file holds

std::string_view word_of(Outcome outcome)
{
    switch (outcome) {
    case Outcome::kept:
        return "kept";
    case Outcome::changed:
        return "changed";
    case Outcome::refused:
        return "refused";
    case Outcome::fault:
        return "fault";
    }
    return ""; // unreachable: -Wswitch names an outcome without a case
}

// Programs and files in the order in which they were met, each in one piece; a file's lines by number.
std::vector<const Finding*> by_place(std::span<const Finding> findings)
{
    const auto first_with = [&](auto is_like) {
        return std::find_if(findings.begin(), findings.end(), is_like) - findings.begin();
    };
    const auto rank = [&](const Finding& finding) {
        const auto& at = finding.at;
        return std::tuple(
            first_with([&](const Finding& f) { return f.at.program == at.program; }),
            first_with([&](const Finding& f) { return f.at.program == at.program && f.at.file == at.file; }), at.line);
    };
    std::vector<const Finding*> ordered;
    for (const auto& finding : findings)
        ordered.push_back(&finding);
    std::stable_sort(ordered.begin(), ordered.end(),
                     [&](const Finding* a, const Finding* b) { return rank(*a) < rank(*b); });
    return ordered;
}

std::string line_of(const Finding& finding)
{
    auto line = fmt::format("  {:<8}{}: {}", word_of(finding.outcome), finding.at.where(), finding.option);
    if (finding.option.empty())
        line.resize(line.size() - 2);
    line = printable(line, longest);
    if (!finding.setting.empty())
        line += "\n          -> " + printable(finding.setting, longest);
    if (!finding.note.empty())
        line += "\n          " + printable(finding.note, 2 * longest);
    return line + '\n';
}

std::string counts(std::span<const Finding> findings)
{
    const auto count = [&](Outcome outcome) {
        return std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.outcome == outcome; });
    };
    return fmt::format("{} kept, {} changed, {} refused, {} at fault\n", count(Outcome::kept), count(Outcome::changed),
                       count(Outcome::refused), count(Outcome::fault));
}

} // namespace

bool has(std::span<const Finding> findings, Outcome outcome)
{
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.outcome == outcome; });
}

std::string report(std::span<const Finding> findings)
{
    std::string text;
    const Finding* before = nullptr;
    for (const auto* const finding : by_place(findings)) {
        if (!before || before->at.program != finding->at.program)
            text += fmt::format("{}{}\n", before ? "\n" : "", finding->at.program);
        text += line_of(*finding);
        before = finding;
    }
    return text + (before ? "\n" : "") + counts(findings);
}

} // namespace postern
