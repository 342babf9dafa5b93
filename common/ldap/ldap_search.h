// ldap_search - what a server was asked, and what its answer is worth
//
// The mechanism (a connection) brings an LdapReply; what it means for "does
// this address exist" is decided here, alone and pure. An answer that is no
// clear yes or no is `failed`, and says whether the server as it is now would
// fail anybody: then the next one is asked, and this one left alone for a while.
// See: RFC 4511 4.1.9, 4.5, appendix A
#pragma once

#include "common/ldap/ldap_options.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct LdapSearch {
    std::string base{};
    std::string filter{};
    LdapScope scope = LdapScope::sub;
    bool is_base_dynamic = false; // made from the address: where it is not there, the address is not
    bool ignore_referrals = false;
};

struct LdapReply {
    int code = 0;           // resultCode of RFC 4511 4.1.9
    std::string code_text;  // "No such object"
    std::string diagnostic; // the server's own words
    bool has_entry = false;
    std::vector<std::string> references; // of SearchResultReference and of a referral
};

enum class SearchStatus { found, none, failed };

struct SearchOutcome {
    SearchStatus status = SearchStatus::failed;
    std::string reason{};         // of a failure
    bool is_server_fault = false; // of a failure: not of this search alone
};

SearchOutcome judge_search(const LdapSearch& search, const LdapReply& reply);

} // namespace postern
