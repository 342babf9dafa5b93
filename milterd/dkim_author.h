// dkim_author - whose mail a From field says it is
//
// RFC 5322 3.6.2, 3.4. Pure. Display names, comments, quoted strings, groups
// and folds are passed over; of each mailbox only the domain is of interest.
// Failure: a From that is no mailbox list, or none with a domain, is an Error.
#pragma once

#include "common/result.h"
#include "milterd/message.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// The domain of each mailbox in a From field's value, as written.
Result<std::vector<std::string>> parse_from_domains(std::string_view value);

struct MailAuthor {
    std::string local_part; // as written; of several mailboxes the first one's
    std::string domain;     // A-labels in lower case
};

// Of the first field that there is of those named, in their order; otherwise as author_domain().
Result<MailAuthor> author_of(const std::vector<HeaderField>& header, std::span<const std::string> field_names);

// The one domain that all authors of a mail share, as A-labels in lower case. No From field,
// several, or mailboxes of several domains have none.
Result<std::string> author_domain(const std::vector<HeaderField>& header);

} // namespace postern
