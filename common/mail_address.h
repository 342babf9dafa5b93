// mail_address - the mailbox of MAIL FROM and RCPT TO
//
// RFC 5321 4.1.2, RFC 6531 3.3. The local part stays the octets it was sent
// as: only its own host may read it. The domain becomes lower-case A-labels,
// so that it can be asked in the DNS and compared in a table or a key.
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace postern {

struct MailAddress {
    std::string local_part; // as sent, quotes included; empty for <>
    std::string domain;     // lower case, A-labels; empty if there is none

    bool is_null() const { return local_part.empty() && domain.empty(); } // <>, the sender of bounces
    std::string text() const;                                            // local_part@domain
};

// Takes "user@example.org", with or without <>, and "" or "<>". A domain that
// cannot be an internationalised one is kept as sent, lower-cased: it will
// match nothing, and it is not for us to refuse it.
MailAddress parse_mail_address(std::string_view text);

// A domain as A-labels in lower case (IDNA 2008, RFC 5891), without its last dot.
Result<std::string> to_a_labels(std::string_view domain);

} // namespace postern
