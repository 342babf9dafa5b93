// record - an SPF record, taken apart
//
// The grammar of RFC 7208 section 12. A fault anywhere spoils the whole
// record, even behind a directive that matches (RFC 7208 4.6).
// A SpfRecord refers to the text it was parsed from, which must outlive it:
// nothing is copied on the way of every mail.
#pragma once

#include "common/ip_address.h"
#include "common/result.h"
#include "common/spf/macro.h"
#include "common/spf/spf_answer.h"

#include <optional>
#include <string_view>
#include <vector>

namespace postern {

enum class SpfMechanism { all, include, a, mx, ptr, ip4, ip6, exists };

struct SpfDirective {
    std::string_view text;                // as written, qualifier included
    SpfResult result = SpfResult::pass;   // of the qualifier: + pass, - fail, ~ softfail, ? neutral
    SpfMechanism mechanism = SpfMechanism::all;
    std::optional<MacroString> domain_spec; // none: the record's own domain (a, mx, ptr)
    int ip4_prefix = 32;                  // of a and mx
    int ip6_prefix = 128;
    IpNetwork network;                    // of ip4 and ip6
};

struct SpfRecord {
    std::vector<SpfDirective> directives;
    std::optional<MacroString> redirect;
    std::string_view exp; // the domain-spec as written, known to be sound; empty: none
};

// Whether a TXT record is one at all: "v=spf1" alone or before a blank (RFC 7208 4.5).
bool is_spf_record(std::string_view text);

// `text` is a whole record, version included.
Result<SpfRecord> parse_spf_record(std::string_view text);

} // namespace postern
