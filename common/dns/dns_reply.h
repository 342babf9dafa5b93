// dns_reply - what the DNS said
//
// "No such name", "no record of this type" and "ask again later" are three
// answers and never blur.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace postern {

enum class DnsStatus {
    found, // NOERROR, at least one record of the type
    nodata, // NOERROR, no record of the type, also at the end of an alias
    nxdomain, // the name does not exist (RFC 8020), or cannot
    tempfail, // time-out, SERVFAIL, REFUSED, unreadable reply: ask again later
};

enum class RrType { a = 1, ns = 2, cname = 5, ptr = 12, mx = 15, txt = 16, aaaa = 28 }; // RFC 1035 3.2.2, RFC 3596 2.1

struct DnsReply {
    DnsStatus status = DnsStatus::tempfail;

    // One a record. An address as text. A name without its last dot, what is
    // not plain in it as \DDD, the root as an empty one: a null MX (RFC 7505)
    // is one empty name, which nobody can ask for. MX names by preference.
    // Where CNAME is asked for, the alias itself and not where it leads.
    // TXT strings joined (RFC 7208 3.3), any octets.
    std::vector<std::string> records;

    std::chrono::seconds ttl{0}; // how long this may be kept (RFC 2308 5 for the negative ones)
};

} // namespace postern
