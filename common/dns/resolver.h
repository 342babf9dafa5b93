// resolver - one DNS question, one answer
//
// What every check and filter sees of the DNS. "No such name", "no record of
// this type" and "ask again later" are three answers and never blur.
#pragma once

#include "common/clock.h"

#include <asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace postern {

enum class DnsStatus {
    found,    // NOERROR, at least one record of the type
    nodata,   // NOERROR, no record of the type
    nxdomain, // the name does not exist (RFC 8020), or cannot
    tempfail, // time-out, SERVFAIL, REFUSED, unreadable reply: ask again later
};

enum class RrType { a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28 }; // RFC 1035 3.2.2, RFC 3596 2.1

struct DnsReply {
    DnsStatus status = DnsStatus::tempfail;
    std::vector<std::string> records; // one a record: an address as text, a name without its last
                                      // dot, MX names by preference, TXT strings joined (RFC 7208 3.3)
    std::chrono::seconds ttl{0};      // how long this may be kept (RFC 2308 5 for the negative ones)
};

class Resolver {
public:
    virtual ~Resolver() = default;

    // `name` in A-labels, with or without its last dot. Completes by `deadline`
    // at the latest, with tempfail if nothing better is known by then.
    virtual asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline deadline) = 0;
};

} // namespace postern
