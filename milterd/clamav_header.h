// clamav_header - X-Virus-Scanned and X-Virus-Status
//
//     X-Virus-Scanned: postern-milterd at mail.example.org
//     X-Virus-Status: Clean
//     X-Virus-Status: Infected (Win.Test.EICAR_HDB-1)
//     X-Virus-Status: Suspicious (PUA.Win.Packer.X)
//     X-Virus-Status: Unscanned (too large)
//
// What a mail brings of its own is anybody's word: where ours are read, the
// others must go, all of them. Pure.
// Config: [clamav] header, hostname
#pragma once

#include "config/config.h"
#include "milterd/filter.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct VirusStatus {
    std::string text; // what X-Virus-Status says; empty: nothing is said of this mail
    bool is_clean = false;
};

// What is to be done to the header. Removals count in the mail as it came, from the first to the last (filter.h).
std::vector<HeaderEdit> virus_header_edits(const Message& message, const VirusStatus& status, VirusHeader header,
                                           std::string_view hostname);

// Will a DKIM-Signature of the mail no longer verify for the next one who looks? It names a field that is removed or added.
bool breaks_signature(const Message& message, const std::vector<HeaderEdit>& edits);

} // namespace postern
