// spf_text - what a client is told that SPF refuses
//
// The operator's words with these names in braces for what is known:
//
//     {action}    rejected or deferred          {identity}  HELO or MAIL FROM
//     {result}    fail, softfail, permerror     {domain}    that was asked for
//     {reason}    why: the domain's own         {client}    the client's address
//                 explanation, or ours          {receiver}  our own name
//
// Pure. What the sender's domain says is not made printable here: the writer
// of the reply does that to all of it.
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace postern {

struct SpfTextValues {
    std::string_view action, result, reason, identity, domain, client, receiver;
};

// A brace that opens nothing known is a fault.
Result<> check_spf_text(std::string_view text);

// `text` has passed check_spf_text. At most some thousand octets, whatever the values are.
std::string write_spf_text(std::string_view text, const SpfTextValues& values);

} // namespace postern
