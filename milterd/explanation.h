// explanation - what would become of a mail, and how that comes about
//
// For `postern explain --message`: the mail of a file as Postfix would show
// it, sent through a Session of its own; and, for people, each filter's
// verdict with its reason and time, the changes to the mail and the reply.
// All text is made printable when it is written.
#pragma once

#include "common/result.h"
#include "milterd/session.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

// Who brings the mail. The words are those of Postfix's policy protocol, as `postern explain` sends them.
struct ExplainEnvelope {
    IpAddress client{};
    std::string client_name = "unknown";
    std::string helo{};
    std::string sender{};
    std::string recipient{};
    std::string login{};
};

// From a line of attributes (attribute_list). client_address must be there.
Result<ExplainEnvelope> parse_explain_envelope(std::string_view line);

// A mail as a file holds it: lines end in LF or CRLF; a line "From ..." in front is mbox's and is passed over.
struct MailFile {
    std::vector<HeaderField> header; // as Postfix shows it to a milter
    std::string body;                // lines end in CRLF
};
MailFile read_mail_file(std::string_view text);

struct Explanation {
    JudgedMessage judged{};              // of the chain; nothing if the mail did not come to it
    std::vector<std::string> changes{};  // to the mail: "insert Authentication-Results: ..."
    std::string reply{};                 // what the client is told
};

// One mail through a session of the host. What its chain says comes to ChainSettings::watch, not here.
void explain_mail(std::shared_ptr<SessionHost> host, const ExplainEnvelope& envelope, const MailFile& mail,
                  Explanation& explanation);

std::string write_explanation(const ExplainEnvelope& envelope, const Explanation& explanation);

} // namespace postern
