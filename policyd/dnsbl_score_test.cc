#include "policyd/dnsbl_score.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("DnsblMarks: what a score is worth")
{
    using Outcome = DnsblMarks::Outcome;
    struct Case {
        std::int64_t threshold, defer_threshold, allow_threshold;
        int score;
        Outcome want;
    };
    const Case cases[] = {
        {1, 0, 0, 1, Outcome::action},  {1, 0, 0, 0, Outcome::none},   {1, 0, 0, -5, Outcome::none},
        {3, 2, -1, 3, Outcome::action}, {3, 2, -1, 9, Outcome::action}, {3, 2, -1, 2, Outcome::defer},
        {3, 2, -1, 1, Outcome::none},   {3, 2, -1, 0, Outcome::none},  {3, 2, -1, -1, Outcome::allow},
        {3, 2, -1, -2, Outcome::allow}, {3, 0, -2, -1, Outcome::none}, {3, 0, 0, 2, Outcome::none},
    };
    for (const auto& c : cases) {
        CAPTURE(c.threshold);
        CAPTURE(c.score);
        DnsblSettings settings;
        settings.threshold = c.threshold;
        settings.defer_threshold = c.defer_threshold;
        settings.allow_threshold = c.allow_threshold;
        CHECK(DnsblMarks(settings).outcome(c.score) == c.want);
    }
}

TEST_CASE("DnsblMarks: when the rest cannot change the outcome")
{
    struct Case {
        const char* name;
        std::int64_t defer_threshold, allow_threshold;
        std::vector<int> others;
        DnsblRange range;
        bool want;
    };
    const Case cases[] = { // the threshold is 3
        {"all is said", 0, 0, {}, {0, 0}, true},
        {"may still be refused", 0, 0, {}, {0, 3}, false},
        {"cannot be refused", 0, 0, {}, {0, 2}, true},
        {"will be refused", 0, 0, {}, {3, 9}, true},
        {"may be saved", 0, 0, {}, {2, 9}, false},
        {"may be deferred", 2, 0, {}, {1, 2}, false},
        {"will be deferred", 2, 0, {}, {2, 2}, true},
        {"may be allowed", 0, -1, {}, {-1, 0}, false},
        {"will be allowed", 0, -1, {}, {-5, -1}, true},
        {"cannot be allowed", 0, -1, {}, {0, 2}, true},
        {"another check wants to know", 0, 0, {1}, {0, 2}, false},
        {"another check knows", 0, 0, {1}, {1, 2}, true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        DnsblSettings settings;
        settings.threshold = 3;
        settings.defer_threshold = c.defer_threshold;
        settings.allow_threshold = c.allow_threshold;
        CHECK(DnsblMarks(settings, c.others).is_certain(c.range) == c.want);
    }
}

} // namespace postern
