// dnsbl_score - what a score is worth, and when it is known well enough
//
// Pure. Marks divide all scores into outcomes. While lists have not answered,
// the score is a range; once no mark lies within it, the rest cannot change
// the outcome, and nobody needs to wait for them.
// Config: [dnsbl] threshold, defer_threshold, allow_threshold
#pragma once

#include "config/config.h"

#include <vector>

namespace postern {

struct DnsblRange {
    int lowest = 0;
    int highest = 0;
};

class DnsblMarks {
public:
    // `others`: scores from which on another check will do something else.
    explicit DnsblMarks(const DnsblSettings& settings, std::vector<int> others = {});

    enum class Outcome { allow, none, defer, action };
    Outcome outcome(int score) const;

    bool is_certain(const DnsblRange& range) const;

private:
    int threshold_;
    int defer_threshold_; // the same as threshold_ if there is none
    int allow_threshold_; // 0: none
    std::vector<int> boundaries_; // scores that mean something else than those just below
};

} // namespace postern
