// spf_verdict - what an answer of SPF is worth here
//
// Pure: the answer for one identity and the operator's settings in, a verdict
// out. The HELO name and the sender each have a rule of their own; a null
// sender stands for postmaster at the HELO name, and then the stricter of both
// counts (RFC 7208 2.4).
// Config: [spf] helo, mail_from, not_pass_domains, reject_permerror,
// defer_temperror, text, enhanced_status_codes.
// See: RFC 7208 8, RFC 7372 (7.23, 7.24)
#pragma once

#include "common/spf/received_spf.h"
#include "config/config.h"
#include "policyd/verdict.h"

#include <string_view>

namespace postern {

// What is judged: the answer for one identity of one client.
struct SpfFinding {
    SpfIdentity identity = SpfIdentity::mail_from;
    bool is_null_sender = false; // then `identity` is helo, and stands for both
    bool wants_pass = false;     // a sender domain of not_pass_domains
    IpAddress client;
    std::string_view domain; // that was asked for
    const SpfAnswer& answer;
};

// The HELO rule as it is for this mail.
SpfRejectOn helo_rule(SpfHeloRejectOn rule, bool is_null_sender);

// `settings.receiver` is our own name.
Verdict spf_verdict(const SpfFinding& finding, const SpfSettings& settings);

} // namespace postern
