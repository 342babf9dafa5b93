// postfix_dnsbl - the DNS lists that a Postfix asks by itself, and what is wrong with that
//
// postscreen_dnsbl_sites, where postscreen(8) runs, and reject_rbl_client,
// reject_rhsbl_*, permit_dnswl_client and permit_rhswl_client in the
// restrictions of main.cf and master.cf. Told are lists that [dnsbl] asks, too,
// lists whose error answers would refuse all mail, keys that every refusal
// shows, and lists that are closed. A zone is called by its public name.
// Pure.
#pragma once

#include "config/config.h"
#include "config/postconf.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

// `resolv_conf`: the text of the host's; may be empty.
std::vector<std::string> postfix_dnsbl_warnings(const PostfixConfig& postfix, const Config& config,
                                                std::string_view resolv_conf);

} // namespace postern
