// postfix_dnsbl - the DNS lists that a Postfix asks by itself, and what is wrong with that
//
// postscreen_dnsbl_sites, where postscreen(8) runs, and reject_rbl_client,
// reject_rhsbl_*, permit_dnswl_client and permit_rhswl_client in the
// restrictions of main.cf and master.cf. Told are lists that [dnsbl] asks, too,
// lists whose error answers would refuse all mail, keys that every refusal
// shows, and lists that are closed. A zone is called by its public name.
// Pure.
#pragma once

#include "common/dnsbl/site.h"
#include "common/result.h"
#include "config/config.h"
#include "config/postconf.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// A list that Postfix asks.
struct PostfixList {
    std::string where; // "postscreen_dnsbl_sites", "reject_rbl_client"
    DnsblZoneType type;
    DnsblSite site;
    std::string text;      // the item, as it is written
    std::string parameter; // that holds it
    std::string service{}; // of master.cf, where it is an option of one: its name
    bool only_warns = false; // warn_if_reject stands before it

    std::string shown() const; // without a key
    bool is_postscreen() const { return where == "postscreen_dnsbl_sites"; }
};

// In the order of postconf(5). An item that is no list is given to `fault`.
std::vector<PostfixList> postfix_lists(const PostfixConfig& postfix,
                                       const std::function<void(const PostfixList&, const Error&)>& fault = {});

// `resolv_conf`: the text of the host's; may be empty.
std::vector<std::string> postfix_dnsbl_warnings(const PostfixConfig& postfix, const Config& config,
                                                std::string_view resolv_conf);

} // namespace postern
