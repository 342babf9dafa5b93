// look_ahead - what the checks will look up for a request, as they have found out before they are asked
//
// Filled by Check::look_ahead(), for the same check's ask(). Hashes, as LruCache
// gives them; 0: nobody has looked ahead, and the look-up hashes its key itself.
#pragma once

#include "policyd/greylist_key.h"

#include <cstdint>

namespace postern {

struct LookAhead {
    std::uint64_t spf_mail_from = 0, spf_helo = 0;
    std::uint64_t recipient = 0;
    std::uint64_t dnsbl_address = 0;
    std::uint64_t listed_client = 0;
    GreylistKeyHashes greylist; // by the sender's domain
};

} // namespace postern
