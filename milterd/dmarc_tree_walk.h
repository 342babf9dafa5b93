// dmarc_tree_walk - the DMARC records on the way from a domain to the root
//
// RFC 9989 4.10: where a policy stands, and where an organization ends. Both
// are told by records alone: there is no list of public suffixes.
//
// Every name of a walk is asked for at once. Nearly all walks go to the top,
// since few records end one (psd=), and what they share is in the cache.
#pragma once

#include "common/clock.h"
#include "common/dns/resolver.h"
#include "milterd/dmarc_record.h"

#include <asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct DmarcStep {
    std::string domain;
    bool is_unknown = false; // the DNS does not say now
    std::optional<DmarcRecord> record{};
};

// From the domain itself to the top, or to where a psd= tag or an unknown step ends it. Never empty.
using DmarcWalk = std::vector<DmarcStep>;

// The domains of a full walk, at most eight: of one with more labels than that, the domain itself and
// those of its last seven labels. Pure.
std::vector<std::string> dmarc_walk_domains(std::string_view domain);

// `domain` in A-labels and lower case. The resolver must outlive the walk.
asio::awaitable<DmarcWalk> walk_dmarc_tree(Resolver& resolver, std::string domain, Deadline deadline);

// RFC 9989 4.10.2. Nothing: it is not known now. Pure.
std::optional<std::string> organizational_domain(const DmarcWalk& walk);

} // namespace postern
