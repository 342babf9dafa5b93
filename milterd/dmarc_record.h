// dmarc_record - the DMARC policy record, read
//
// RFC 9989 4.7, 4.8. Pure. Forgiving as the RFC asks: what is not known or
// has a syntax error is passed over, but for v=, and for policies that are no
// policy, which make a record of no use unless it wants reports.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

// From mild to strict.
enum class DmarcPolicy { none, quarantine, reject };

std::string_view dmarc_policy_name(DmarcPolicy policy); // "none", ..., as in p= and Authentication-Results

struct DmarcRecord {
    enum class Psd { unknown, yes, no };

    std::string fault{}; // why it has no policy to apply (RFC 9989 4.10.1), in a clause; empty: it has
    DmarcPolicy policy = DmarcPolicy::none;               // p=
    std::optional<DmarcPolicy> subdomain_policy{};        // sp=
    std::optional<DmarcPolicy> nonexistent_policy{};      // np=
    bool is_dkim_strict = false;                          // adkim=s
    bool is_spf_strict = false;                           // aspf=s
    bool is_testing = false;                              // t=y
    Psd psd = Psd::unknown;                               // psd=
};

// Longer ones are no records: the largest in use have some 500 octets.
constexpr std::size_t dmarc_record_limit = 8 * 1024;

// The strings of a TXT record joined. Nothing: it is no DMARC record, as it does not begin with v=DMARC1.
std::optional<DmarcRecord> parse_dmarc_record(std::string_view text);

} // namespace postern
