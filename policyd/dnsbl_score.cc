#include "policyd/dnsbl_score.h"

#include <algorithm>

namespace postern {

DnsblMarks::DnsblMarks(const DnsblSettings& settings, std::vector<int> others)
    : threshold_(static_cast<int>(settings.threshold))
    , defer_threshold_(settings.defer_threshold > 0 ? static_cast<int>(settings.defer_threshold) : threshold_)
    , allow_threshold_(static_cast<int>(settings.allow_threshold))
    , boundaries_(std::move(others))
{
    boundaries_.push_back(threshold_);
    boundaries_.push_back(defer_threshold_);
    if (allow_threshold_ < 0)
        boundaries_.push_back(allow_threshold_ + 1);
}

DnsblMarks::Outcome DnsblMarks::outcome(int score) const
{
    if (score >= threshold_)
        return Outcome::action;
    if (score >= defer_threshold_)
        return Outcome::defer;
    return allow_threshold_ < 0 && score <= allow_threshold_ ? Outcome::allow : Outcome::none;
}

bool DnsblMarks::is_certain(const DnsblRange& range) const
{
    return std::none_of(boundaries_.begin(), boundaries_.end(), [&](int boundary) {
        return range.lowest < boundary && boundary <= range.highest;
    });
}

} // namespace postern
