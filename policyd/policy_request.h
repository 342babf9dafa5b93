// policy_request - one question from Postfix smtpd(8)
//
// Postfix SMTPD_POLICY_README, "Protocol description": lines of name=value,
// ended by an empty line. This module knows the syntax only; it does no I/O
// and decides nothing. Attributes it does not know are Postfix's to add, and
// so are values of protocol_state. An attribute that is not sent is the same
// as an empty one; of one that is sent twice the last counts.
// Failure: a line that is not name=value, a NUL, or a request that is not
// smtpd_access_policy. The Error shows the line, fit for a log.
#pragma once

#include "common/ip_address.h"
#include "common/mail_address.h"
#include "common/result.h"
#include "policyd/look_ahead.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// Postfix cuts what a client can say to 2048 octets a line; the whole never comes near this.
constexpr std::size_t policy_request_limit = 16 * 1024;

struct PolicyRequest {
    std::string protocol_state; // CONNECT, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE, VRFY, ETRN
    std::string client_address; // as sent; "unknown" happens
    std::string client_name;    // verified, or "unknown"
    std::string reverse_client_name;
    std::string helo_name;
    std::string sender;    // as sent; empty for <>
    std::string recipient; // as sent
    std::string instance;  // the same for every recipient of one message; empty with VRFY
    std::string queue_id;
    std::string sasl_username;
    std::string policy_context; // check_policy_service { ..., policy_context=... }

    bool has_sender = false; // "sender=" was there: an empty one is <>, none at all is another program's request

    // Not null: nobody acts on the answer (`postern explain`). Then what decides changes nothing that outlives
    // the request, caches apart, and may note how it came to its verdict: lines for people.
    std::vector<std::string>* notes = nullptr;

    // The same, understood
    std::optional<IpAddress> client;
    MailAddress sender_address;
    MailAddress recipient_address;

    mutable LookAhead ahead; // of who asks the checks: no part of the question
};

// Parses one request; the empty line that ends it need not be there.
Result<PolicyRequest> parse_policy_request(std::string_view text);

// The same of the first of several, into a request that was used before, so that its strings keep
// their memory: a connection carries thousands. Gives how many octets it took, the empty line
// included. After a failure `request` holds nothing of use.
Result<std::size_t> parse_policy_request(std::string_view text, PolicyRequest& request);

} // namespace postern
