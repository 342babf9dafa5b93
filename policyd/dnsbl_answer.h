// dnsbl_answer - what a list has said of one client or name
//
// Pure. A listing is an answer that one of the list's rules takes. What says
// that something is wrong with the question (127.255.255.0/24, and what is
// known or set for the list), and what is no answer of a list at all (outside
// 127.0.0.0/8: a domain that somebody parks, a server that lies) is an error,
// and then nothing of the answer counts.
// See: RFC 5782 2.1, 2.3
#pragma once

#include "common/dns/dns_reply.h"
#include "common/ip_address.h"
#include "policyd/dnsbl_list.h"

#include <chrono>
#include <cstddef>

namespace postern {

struct DnsblAnswer {
    enum class Kind { unlisted, listed, error, failure };

    Kind kind = Kind::unlisted;
    int weight = 0;               // listed: of all rules that match, each once
    std::size_t rule = 0;         // listed: the one that weighs most
    IpAddress code{};             // listed: what it matched; error: what was said
    std::chrono::seconds ttl{0};  // not of a failure
};

DnsblAnswer read_dnsbl_answer(const DnsblList& list, const DnsReply& reply);

// As above, whatever the filters: any answer that is no error.
bool is_dnsbl_error(const DnsblList& list, const IpAddress& answer);

} // namespace postern
