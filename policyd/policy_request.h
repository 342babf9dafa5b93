// policy_request - one question from Postfix smtpd(8)
//
// Postfix SMTPD_POLICY_README, "Protocol description": lines of name=value,
// ended by an empty line. This module knows the syntax only; it does no I/O
// and decides nothing. Attributes it does not know are Postfix's to add.
#pragma once

#include "common/ip_address.h"
#include "common/mail_address.h"
#include "common/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace postern {

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

    // The same, understood
    std::optional<IpAddress> client;
    MailAddress sender_address;
    MailAddress recipient_address;
};

// Parses one request, without the empty line that ends it.
Result<PolicyRequest> parse_policy_request(std::string_view text);

} // namespace postern
