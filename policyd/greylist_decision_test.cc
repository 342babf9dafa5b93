#include "policyd/greylist_decision.h"

#include "test/fake/fake_clock.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Kind = GreylistDecision::Kind;

const GreylistPolicy policy{5min, 48h, 24h * 35, 5};
const Timestamp now = FakeClock().now();

// Rows by their ages: what a case needs in one line.
TripletRow seen(std::chrono::seconds first_ago, std::chrono::seconds last_ago)
{
    return {now - first_ago, now - last_ago};
}

} // namespace

TEST_CASE("greylist_decide")
{
    struct Case {
        const char* name;
        GreylistRows rows;
        Kind want;
        std::chrono::seconds want_missing;
        bool want_first_pass;
        std::optional<TripletRow> want_written;
        std::int64_t want_passes; // written; 0: none
    };
    const TripletRow new_row{now, now};
    const Case cases[] = {
        {"never seen", {}, Kind::new_triplet, 5min, false, new_row, 0},
        {"retry at once", {seen(0s, 0s), {}}, Kind::early_retry, 5min, false, {}, 0},
        {"retry a second early", {seen(299s, 299s), {}}, Kind::early_retry, 1s, false, {}, 0},
        {"retry on the second", {seen(300s, 300s), {}}, Kind::triplet_found, 0s, true, TripletRow{now - 300s, now}, 1},
        {"retry at the window's end", {seen(48h, 48h), {}}, Kind::triplet_found, 0s, true, TripletRow{now - 48h, now}, 1},
        {"retry too late", {seen(48h + 1s, 48h + 1s), {}}, Kind::new_triplet, 5min, false, new_row, 0},
        {"let in before", {seen(24h * 9, 24h * 5), {}}, Kind::triplet_found, 0s, false, TripletRow{now - 24h * 9, now}, 0},
        {"let in a minute ago: not written again", {seen(1h, 1min), {}}, Kind::triplet_found, 0s, false, {}, 0},
        {"not seen for max_age", {seen(24h * 90, 24h * 35), {}}, Kind::triplet_found, 0s, false, TripletRow{now - 24h * 90, now}, 0},
        {"not seen for longer", {seen(24h * 90, 24h * 35 + 1s), {}}, Kind::new_triplet, 5min, false, new_row, 0},

        {"known client", {{}, ClientRow{5, now - 2h}}, Kind::client_whitelisted, 0s, false, {}, 6},
        {"known client, again this hour", {{}, ClientRow{5, now - 59min}}, Kind::client_whitelisted, 0s, false, {}, 0},
        {"client one pass short", {{}, ClientRow{4, now - 2h}}, Kind::new_triplet, 5min, false, new_row, 0},
        {"client not seen for max_age", {{}, ClientRow{9, now - 24h * 36}}, Kind::new_triplet, 5min, false, new_row, 0},
        {"pass of a client counted this hour", {seen(300s, 300s), ClientRow{1, now - 59min}}, Kind::triplet_found, 0s, true, TripletRow{now - 300s, now}, 0},

        // the clock was set back
        {"first seen in the future", {seen(-1h, -1h), {}}, Kind::early_retry, 5min, false, new_row, 0},
        {"let in, in the future", {seen(-1h, -2h), {}}, Kind::triplet_found, 0s, false, TripletRow{now - 5min, now}, 0},
        {"let in across the jump", {seen(1h, -2h), {}}, Kind::triplet_found, 0s, false, TripletRow{now - 5min, now}, 0},
        {"client in the future", {{}, ClientRow{5, now + 24h * 400}}, Kind::client_whitelisted, 0s, false, {}, 6},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = greylist_decide(c.rows, now, policy);
        CHECK(got.kind == c.want);
        CHECK(got.missing == c.want_missing);
        CHECK(got.is_first_pass == c.want_first_pass);
        CHECK(got.writes.triplet == c.want_written);
        CHECK(got.writes.client == (c.want_passes ? std::optional(ClientRow{c.want_passes, now}) : std::nullopt));
    }
}

TEST_CASE("greylist_decide without an automatic whitelist")
{
    auto never = policy;
    never.auto_whitelist_after = 0;
    CHECK(greylist_decide({{}, ClientRow{99, now}}, now, never).kind == Kind::new_triplet);
    CHECK_FALSE(greylist_decide({seen(300s, 300s), {}}, now, never).writes.client.has_value());
}

TEST_CASE("greylist_reason is postgrey's")
{
    CHECK(greylist_reason({Kind::early_retry, false, 12s, 0s, {}}) == "early-retry (12s missing)");
    CHECK(greylist_reason({Kind::new_triplet, false, 0s, 0s, {}}) == "new");
    CHECK(greylist_reason({Kind::triplet_found, false, 0s, 0s, {}}) == "triplet found");
    CHECK(greylist_reason({Kind::client_whitelisted, false, 0s, 0s, {}}) == "client AWL");
}

} // namespace postern
