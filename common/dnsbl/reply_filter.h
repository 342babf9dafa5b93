// reply_filter - which answers of a DNS list count
//
// Postfix's own pattern, as in postscreen_dnsbl_sites and reject_rbl_client:
// four fields with dots between them, each a number or a choice in brackets,
// "127.0.[0..255].[1..3]", "127.0.0.[2;4..8]".
// Failure: the Error says what is wrong and shows the pattern up to there.
// See: postconf(5), postscreen_dnsbl_sites
#pragma once

#include "common/ip_address.h"
#include "common/result.h"

#include <array>
#include <bitset>
#include <string_view>

namespace postern {

class ReplyFilter {
public:
    static Result<ReplyFilter> parse(std::string_view pattern);

    // No IPv6 address does: a list answers with A records.
    bool matches(const IpAddress& answer) const;

    bool operator==(const ReplyFilter&) const = default;

private:
    using Octets = std::bitset<256>;

    std::array<Octets, 4> fields_;
};

} // namespace postern
