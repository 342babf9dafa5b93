// site - a DNS list as Postfix writes it: zone[=filter][*weight]
//
// "zen.spamhaus.org=127.0.0.[2..11]*2": the same text as in
// postscreen_dnsbl_sites, and, without a weight, after reject_rbl_client.
// A negative weight vouches for whoever is listed.
// Failure: the Error never shows the zone, which may hold a key: it is logged
// when a reload fails.
// See: postconf(5), postscreen_dnsbl_sites
#pragma once

#include "common/dnsbl/reply_filter.h"
#include "common/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace postern {

// Weights beyond this say no more; the sum of all lists stays far from any limit.
constexpr int dnsbl_weight_limit = 10'000;

struct DnsblSite {
    std::string zone; // lower case, without its last dot
    std::optional<ReplyFilter> filter;
    int weight = 1;
    std::string key; // "zone=filter" or "zone", as rbl_reply_maps has it
};

Result<DnsblSite> parse_dnsbl_site(std::string_view text);

// For a row of the settings.
Result<> check_dnsbl_site(std::string_view text);

} // namespace postern
