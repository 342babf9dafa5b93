// greylist_decision - wait or pass
//
// RFC 6647, by postgrey's rules: a triplet seen for the first time waits
// `delay`; its first retry must come within `retry_window`, or it starts
// anew; one that was let in is let in again until it has not been seen for
// `max_age`. A client whose triplets were let in `auto_whitelist_after` times
// does not wait any more. Pure: rows and a time in, a decision out.
//
// A client has two names: its network, and the domain that SPF vouches for, if
// one does. What is known under either of them counts. A mail that is new, or
// known by the network alone, is written under the domain where there is one,
// and a client that brings its first mail through is counted under both.
//
// A clock that jumped cannot keep mail waiting: a row from the future counts
// as of now, and one that was let in stays so.
#pragma once

#include "policyd/greylist_rows.h"

#include <chrono>
#include <string>

namespace postern {

struct GreylistPolicy {
    std::chrono::seconds delay{};
    std::chrono::seconds retry_window{};
    std::chrono::seconds max_age{};
    std::int64_t auto_whitelist_after = 0; // 0: never
};

struct GreylistDecision {
    enum class Kind { new_triplet, early_retry, triplet_found, client_whitelisted } kind = Kind::new_triplet;
    bool is_first_pass = false;       // triplet_found, and this mail is the one that waited
    std::chrono::seconds missing{0};  // until it will pass
    std::chrono::seconds waited{0};   // since it was seen first
    GreylistRows writes;

    bool lets_in() const { return missing.count() <= 0; }
};

// `has_domain`: there are keys by a verified domain, so rows can be written under them.
GreylistDecision greylist_decide(const GreylistRows& rows, bool has_domain, Timestamp now, const GreylistPolicy& policy);

// Its reason in postgrey's words, which people's scripts look for: "new",
// "early-retry (12s missing)", "triplet found", "client AWL".
std::string greylist_reason(const GreylistDecision& decision);

} // namespace postern
