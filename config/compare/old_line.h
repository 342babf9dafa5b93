// old_line - what Postfix and the old programs write about one mail
//
//     postfix/smtpd     NOQUEUE: reject: RCPT from mx[192.0.2.1]: 450 4.2.0 <r@x>: ... Greylisted; from=<s@y> to=<r@x> ...
//     postfix/cleanup   4XyZ12: milter-reject: END-OF-MESSAGE from mx[192.0.2.1]: 5.7.1 ...; from=<s@y> to=<r@x> ...
//     postgrey          action=pass, reason=client AWL, client_name=mx, client_address=192.0.2.1, sender=s@y, recipient=r@x
//     opendkim          4XyZ12: DKIM-Signature field added (s=2026, d=example.org)
//     policyd-spf       prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1; ...
//
// Pure. Other lines say nothing of a decision: no value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace postern {

// From best to worst, for both setups.
enum class MailOutcome { let_in, held, deferred, discarded, rejected };
std::string_view mail_outcome_name(MailOutcome outcome); // "let in", "hold", "defer", ...

struct OldRefusal { // by Postfix itself, or as a policy service or a milter asked for
    MailOutcome outcome{};
    bool is_milter = false;
    std::string queue_id; // empty: NOQUEUE
    std::string stage;    // RCPT, END-OF-MESSAGE
    std::string client, helo, sender, recipient;
    std::string text; // "450 4.2.0 <r@x>: Recipient address rejected: Greylisted"
};

struct OldSignature { // of opendkim
    std::string queue_id;
    std::string domain;
};

struct OldVerification { // of opendkim
    std::string queue_id;
    std::string result; // pass, fail, none
};

struct OldSpf { // of policyd-spf
    std::string client, sender;
    std::string result;    // pass, softfail, ...
    bool is_helo = false; // of the HELO name, not the sender
};

struct OldGreylist { // of postgrey: why, whatever Postfix then did
    std::string client, sender, recipient;
    std::string reason; // "client AWL"
};

using OldLogLine = std::variant<std::monostate, OldRefusal, OldSignature, OldVerification, OldSpf, OldGreylist>;

OldLogLine parse_old_line(std::string_view program, std::string_view text);

// What a refusal says, without addresses: "Greylisted". For counting.
std::string refusal_reason(std::string_view text);

} // namespace postern
