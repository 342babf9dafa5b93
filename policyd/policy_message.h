// policy_message - what is known of one message across its requests
//
// Postfix asks once a recipient, with the same `instance`. What is computed
// once a message (SPF) and what may be said once a message (a header) is kept
// here, for the requests that follow.
#pragma once

#include "common/spf/check_host.h"

#include <optional>
#include <string>
#include <vector>

namespace postern {

struct PolicyMessage {
    // RFC 7208 2.3, 2.4: two identities, two answers; never one for the other
    std::optional<SpfAnswer> spf_helo;
    std::optional<SpfAnswer> spf_mail_from;

    struct Header {
        std::string field;   // "Name: value"
        std::string sent_in; // the request that took it along; empty: still due
    };
    std::vector<Header> headers;
};

} // namespace postern
