// smtp_reply - what Postfix tells the client when a mail is refused
//
// The only writer of that wire. Code and status agree with the action, the
// text is never empty, holds printable ASCII only and fits a reply line
// (RFC 5321 4.5.3.1.5), whatever a filter put in it. Pure.
#pragma once

#include "milterd/filter_chain.h"

#include <string>

namespace postern {

struct SmtpReply {
    std::string code;   // "451", "550"
    std::string status; // "4.7.1" (RFC 3463 2)
    std::string text;
};

// For reject and defer; the other actions have no reply of ours.
SmtpReply smtp_reply(const Decision& decision);

} // namespace postern
