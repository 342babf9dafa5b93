// dnsbl_reply - what a client is told that lists speak against
//
// Pure. The template's text is split as Postfix does: a code, an enhanced
// status, the rest. The code of the template counts if it is of the class that
// the outcome wants; a template may turn a refusal into a deferral by its code,
// but not the other way round.
// See: postconf(5), default_rbl_reply
#pragma once

#include "config/config.h"
#include "policyd/dnsbl_list.h"
#include "policyd/dnsbl_score.h"
#include "policyd/policy_request.h"
#include "policyd/verdict.h"

#include <string_view>

namespace postern {

struct DnsblCase {
    DnsblMarks::Outcome outcome = DnsblMarks::Outcome::none; // defer or action
    const DnsblList& list;       // that weighs most
    const DnsblList::Rule& rule; // of it
    std::string_view reason;     // its own; empty: none
};

Verdict dnsbl_verdict(const DnsblCase& refused, const DnsblSettings& settings, const PolicyRequest& request);

} // namespace postern
