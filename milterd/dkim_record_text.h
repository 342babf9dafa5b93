// dkim_record_text - the TXT record of a key, as whoever publishes it needs it
//
// In one line; as lines of a zone file, its strings in parentheses; and split
// for web forms that take one string after the other. No string has more than
// 255 octets (RFC 1035 3.3), and no line of the zone file becomes too long to
// be copied out of a terminal. Pure.
// See: RFC 6376 3.6.1, opendkim-genkey(8)
#pragma once

#include "common/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// The tags that an operator may want in a record besides v=, k= and p=, each as "t=y".
struct DkimRecordTags {
    std::string hashes{}; // "sha256", or several with colons; empty: any
    bool is_for_mail_only = false;
    bool is_testing = false;
    bool is_exact = false; // not for i= of the domains below
    std::string note{};

    std::vector<std::string> list() const;
};

// Is it a tag that list() could have made? Without blanks, and nothing that a zone file would take amiss.
Result<> check_dkim_tag(std::string_view tag);

struct DkimRecord {
    std::string domain; // A-labels
    std::string selector;
    std::string text; // "v=DKIM1; k=rsa; p=..."

    std::string name() const { return selector + "._domainkey." + domain; }
};

// `plain` is "v=DKIM1; k=...; p=...": the tags go before p=.
std::string with_dkim_tags(std::string plain, const std::vector<std::string>& tags);

std::string dkim_record_line(const DkimRecord& record);

struct DkimZoneStyle {
    bool has_domain = true; // the whole name with its last dot; else relative to the domain
    std::optional<std::int64_t> ttl{};
};
std::string dkim_record_zone_text(const DkimRecord& record, const DkimZoneStyle& style = {});

std::string dkim_record_form(const DkimRecord& record);

// At most 255 octets each.
std::vector<std::string_view> dkim_record_strings(std::string_view text);

} // namespace postern
