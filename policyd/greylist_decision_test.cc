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
        GreylistRowPair rows;
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
        {"let in when the delay was shorter", {seen(24h * 9, 24h * 9 - 60s), {}}, Kind::triplet_found, 0s, false, TripletRow{now - 24h * 9, now}, 0},
        {"let in a minute ago: not written again", {seen(1h, 1min), {}}, Kind::triplet_found, 0s, false, {}, 0},
        {"not seen for max_age", {seen(24h * 90, 24h * 35), {}}, Kind::triplet_found, 0s, false, TripletRow{now - 24h * 90, now}, 0},
        {"not seen for longer", {seen(24h * 90, 24h * 35 + 1s), {}}, Kind::new_triplet, 5min, false, new_row, 0},

        {"known client", {{}, ClientRow{5, now - 2h}}, Kind::client_whitelisted, 0s, false, {}, 6},
        {"known client, again this hour", {{}, ClientRow{5, now - 59min}}, Kind::client_whitelisted, 0s, false, {}, 0},
        {"client one pass short", {{}, ClientRow{4, now - 2h}}, Kind::new_triplet, 5min, false, new_row, 0},
        {"client not seen for max_age", {{}, ClientRow{9, now - 24h * 36}}, Kind::new_triplet, 5min, false, new_row, 0},
        {"pass of a client counted this hour", {seen(300s, 300s), ClientRow{1, now - 59min}}, Kind::triplet_found, 0s, true, TripletRow{now - 300s, now}, 0},
        {"pass of a client that is forgotten, but not deleted yet", {seen(300s, 300s), ClientRow{9, now - 24h * 36}}, Kind::triplet_found, 0s, true, TripletRow{now - 300s, now}, 1},

        // the clock was set back
        {"first seen in the future", {seen(-1h, -1h), {}}, Kind::early_retry, 5min, false, new_row, 0},
        {"let in, in the future", {seen(-1h, -2h), {}}, Kind::triplet_found, 0s, false, TripletRow{now - 5min, now}, 0},
        {"let in across the jump", {seen(1h, -2h), {}}, Kind::triplet_found, 0s, false, TripletRow{now - 5min, now}, 0},
        {"client in the future", {{}, ClientRow{5, now + 24h * 400}}, Kind::client_whitelisted, 0s, false, {}, 6},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = greylist_decide({c.rows, {}}, false, now, policy);
        CHECK(got.kind == c.want);
        CHECK(got.missing == c.want_missing);
        CHECK(got.is_first_pass == c.want_first_pass);
        CHECK(got.writes.network.triplet == c.want_written);
        CHECK(got.writes.domain == GreylistRowPair{});
        CHECK(got.writes.network.client == (c.want_passes ? std::optional(ClientRow{c.want_passes, now}) : std::nullopt));
    }
}

TEST_CASE("greylist_decide without an automatic whitelist")
{
    auto never = policy;
    never.auto_whitelist_after = 0;
    CHECK(greylist_decide({{{}, ClientRow{99, now}}, {}}, false, now, never).kind == Kind::new_triplet);
    CHECK_FALSE(greylist_decide({{seen(300s, 300s), {}}, {}}, false, now, never).writes.network.client.has_value());
}

TEST_CASE("greylist_reason is postgrey's")
{
    CHECK(greylist_reason({Kind::early_retry, false, 12s, 0s, {}}) == "early-retry (12s missing)");
    CHECK(greylist_reason({Kind::new_triplet, false, 0s, 0s, {}}) == "new");
    CHECK(greylist_reason({Kind::triplet_found, false, 0s, 0s, {}}) == "triplet found");
    CHECK(greylist_reason({Kind::client_whitelisted, false, 0s, 0s, {}}) == "client AWL");
}

TEST_CASE("greylist_decide: what is known under either name of the client counts")
{
    const TripletRow new_row{now, now}, waits{now - 100s, now - 100s}, waited{now - 400s, now - 400s};
    const TripletRow known{now - 24h, now - 1min}, gone{now - 24h * 90, now - 24h * 36};
    const ClientRow good{5, now - 2h}, fresh{2, now - 2h};
    struct Case {
        const char* name;
        GreylistRowPair network, domain;
        Kind want;
        GreylistRowPair want_network, want_domain; // written
    };
    const Case cases[] = {
        {"new: written under the domain alone", {}, {}, Kind::new_triplet, {}, {new_row, {}}},
        {"known by the domain", {}, {known, {}}, Kind::triplet_found, {}, {}},
        {"known by both", {known, {}}, {known, {}}, Kind::triplet_found, {}, {}},
        {"known by the network: the domain learns it", {known, {}}, {}, Kind::triplet_found, {}, {TripletRow{now - 24h, now}, {}}},
        {"known by the network, new by the domain", {known, {}}, {waits, {}}, Kind::triplet_found, {}, {TripletRow{now - 24h, now}, {}}},
        {"too old by the network", {gone, {}}, {}, Kind::new_triplet, {}, {new_row, {}}},
        {"too old by the domain, known by the network", {known, {}}, {gone, {}}, Kind::triplet_found, {}, {TripletRow{now - 24h, now}, {}}},
        {"waits by the network: goes on waiting", {waits, {}}, {}, Kind::early_retry, {}, {waits, {}}},
        {"waits by both: the longer counts", {waits, {}}, {TripletRow{now - 10s, now - 10s}, {}}, Kind::early_retry, {}, {waits, {}}},
        {"waits by both, the domain longer", {TripletRow{now - 10s, now - 10s}, {}}, {waits, {}}, Kind::early_retry, {}, {}},
        {"its first pass counts for both", {{}, fresh}, {waited, {}}, Kind::triplet_found, {{}, ClientRow{3, now}}, {TripletRow{now - 400s, now}, ClientRow{1, now}}},
        {"whitelisted by the domain", {}, {{}, good}, Kind::client_whitelisted, {}, {{}, ClientRow{6, now}}},
        {"whitelisted by the network: no credit for the domain", {{}, good}, {{}, fresh}, Kind::client_whitelisted, {{}, ClientRow{6, now}}, {}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = greylist_decide({c.network, c.domain}, true, now, policy);
        CHECK(got.kind == c.want);
        CHECK(got.writes == GreylistRows{c.want_network, c.want_domain});
    }
}

} // namespace postern
