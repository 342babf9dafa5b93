// greylist_texts - what a greylisting decision is worth, and how it is said
//
// The reply that asks to come back, the header field of the first mail that
// did, and postgrey's own log line. Pure.
// Config: [greylist] action, text, header, hostname
#pragma once

#include "config/config.h"
#include "policyd/greylist_decision.h"
#include "policyd/policy_request.h"
#include "policyd/verdict.h"

#include <string>
#include <string_view>

namespace postern {

struct GreylistTexts {
    Action action = Action::defer_if_permit;
    int code = 0;       // instead of the action's word
    std::string status; // "2.0", or what the operator's text begins with
    std::string reply;  // %s: seconds missing, %r: the recipient's domain
    std::string header; // %t: seconds waited, %v: version, %h: our host, %d: date; empty: none
    std::string hostname;
    std::string version;
};

GreylistTexts greylist_texts(const GreylistSettings& settings, std::string hostname, std::string version);

// The reply that asks to come back, the header of the first mail that did, or nothing.
Verdict greylist_verdict(const GreylistDecision& decision, const GreylistTexts& texts, const MailAddress& recipient,
                         Timestamp now);

// "action=greylist, reason=new, client_name=..., client_address=..., sender=..., recipient=..."
std::string postgrey_line(const PolicyRequest& request, const Verdict& verdict, const GreylistDecision& decision);

} // namespace postern
