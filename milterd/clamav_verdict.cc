#include "milterd/clamav_verdict.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

// [clamav] text: %v is the virus, %% a percent sign.
std::string refusal_text(std::string_view text, std::string_view virus)
{
    std::string filled;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto pair = text.substr(i, 2);
        if (pair == "%v")
            filled += virus;
        else
            filled += text[i];
        if (pair == "%v" || pair == "%%")
            ++i;
    }
    return filled;
}

FilterVerdict infected_verdict(const std::string& virus, Origin origin, const ClamavSettings& settings)
{
    const bool is_guess = is_suspicious(virus, settings);
    FilterVerdict verdict;
    verdict.status = "7.1";
    verdict.text = refusal_text(settings.text, virus);
    verdict.reason = concat({is_guess ? "suspicious " : "infected ", virus});
    switch (is_guess ? settings.suspicious : settings.infected) {
    case InfectedAction::accept:
        break;
    case InfectedAction::quarantine:
        verdict.action = FilterAction::quarantine;
        break;
    case InfectedAction::defer:
        verdict.action = FilterAction::defer;
        verdict.code = 451;
        break;
    case InfectedAction::discard:
        verdict.action = FilterAction::discard;
        break;
    case InfectedAction::reject:
        verdict.action = origin == Origin::relay || origin == Origin::returned ? FilterAction::quarantine
                                                                                : FilterAction::reject;
        verdict.code = verdict.action == FilterAction::reject ? 550 : 0;
        break;
    }
    return verdict;
}

FilterVerdict too_large_verdict(const ClamavSettings& settings)
{
    FilterVerdict verdict{FilterAction::accept, 0, "", "Message too large to be scanned", "too large", {}};
    switch (settings.oversize) {
    case OversizeAction::accept:
        break;
    case OversizeAction::defer:
        verdict.action = FilterAction::defer;
        verdict.code = 451;
        verdict.status = "7.1";
        break;
    case OversizeAction::reject:
        verdict.action = FilterAction::reject;
        verdict.code = 552;
        verdict.status = "3.4";
        break;
    case OversizeAction::quarantine:
        verdict.action = FilterAction::quarantine;
        break;
    }
    return verdict;
}

ScanFailureAction failure_action(Origin origin, const ClamavSettings& settings)
{
    if (origin != Origin::ours)
        return settings.failure;
    switch (settings.own_failure) {
    case OwnScanFailureAction::same:
        break;
    case OwnScanFailureAction::defer:
        return ScanFailureAction::defer;
    case OwnScanFailureAction::accept:
        return ScanFailureAction::accept;
    case OwnScanFailureAction::reject:
        return ScanFailureAction::reject;
    case OwnScanFailureAction::quarantine:
        return ScanFailureAction::quarantine;
    }
    return settings.failure;
}

FilterVerdict failed_verdict(const std::string& reason, Origin origin, const ClamavSettings& settings)
{
    FilterVerdict verdict{FilterAction::accept, 0, "", "", reason, {}};
    switch (failure_action(origin, settings)) {
    case ScanFailureAction::accept:
        break;
    case ScanFailureAction::defer:
        verdict.action = FilterAction::defer;
        verdict.code = 451;
        verdict.status = "7.1";
        verdict.text = "The message cannot be scanned for viruses now, try again later";
        break;
    case ScanFailureAction::reject:
        verdict.action = FilterAction::reject;
        verdict.code = 550;
        verdict.status = "7.1";
        verdict.text = "The message cannot be scanned for viruses";
        break;
    case ScanFailureAction::quarantine:
        verdict.action = FilterAction::quarantine;
        break;
    }
    return verdict;
}

} // namespace

bool is_suspicious(std::string_view virus, const ClamavSettings& settings)
{
    return std::any_of(settings.suspicious_names.begin(), settings.suspicious_names.end(),
                       [&](const std::string& beginning) { return virus.starts_with(beginning); });
}

FilterVerdict clamav_verdict(const ScanOutcome& outcome, Origin origin, const ClamavSettings& settings)
{
    switch (outcome.kind) {
    case ScanOutcome::Kind::clean:
        return {FilterAction::accept, 0, "", "", "clean", {}};
    case ScanOutcome::Kind::infected:
        return infected_verdict(outcome.text, origin, settings);
    case ScanOutcome::Kind::too_large:
        return too_large_verdict(settings);
    case ScanOutcome::Kind::failed:
        break;
    }
    return failed_verdict(outcome.text, origin, settings);
}

VirusStatus virus_status(const ScanOutcome& outcome, const ClamavSettings& settings)
{
    switch (outcome.kind) {
    case ScanOutcome::Kind::clean:
        return {"Clean", true};
    case ScanOutcome::Kind::infected:
        return {fmt::format("{} ({})", is_suspicious(outcome.text, settings) ? "Suspicious" : "Infected", outcome.text)};
    case ScanOutcome::Kind::too_large:
        return {"Unscanned (too large)"};
    case ScanOutcome::Kind::failed:
        break;
    }
    return {fmt::format("Unscanned ({})", outcome.text)};
}

} // namespace postern
