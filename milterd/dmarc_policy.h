// dmarc_policy - what a domain wants done with mail that it does not vouch for
//
// RFC 9989 4.10.1, 4.10.2: the policy for an author's domain is found by a
// walk up the DNS, and so is the organizational domain of each identifier
// that SPF or DKIM may authenticate. All of it can be asked as soon as the
// header is there; what came of it, dmarc_evaluation says at the end.
//
// Failure: a DNS that does not answer is "not known now", which is neither "no
// policy" nor "not aligned".
#pragma once

#include "milterd/dmarc_tree_walk.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct DmarcDiscovery {
    enum class Status { none, found, unknown } status = Status::none;

    std::string author_domain{};
    std::optional<std::string> author_organization{}; // its organizational domain; nothing: not known now

    // With Status::found
    DmarcRecord record{};
    std::string record_domain{};          // where it stands
    std::string_view policy_tag = "p";    // p, sp or np: which of its policies is for this author
    DmarcPolicy policy = DmarcPolicy::none; // that one, before t= (RFC 9989 4.7)

    // The organizational domains of those identifiers that may be the author's; nothing: not known now.
    // One that is not in here is of another organization.
    std::map<std::string, std::optional<std::string>, std::less<>> organizations{};
};

// All domains in A-labels and lower case. The resolver must outlive it.
asio::awaitable<DmarcDiscovery> discover_dmarc(Resolver& resolver, std::string author_domain,
                                               std::vector<std::string> identifiers, Deadline deadline);

// Is the name the domain, or below it?
bool is_same_or_below(std::string_view name, std::string_view domain);

} // namespace postern
