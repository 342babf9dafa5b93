// resolver - one DNS question, one answer
//
// What every check and filter sees of the DNS.
#pragma once

#include "common/clock.h"
#include "common/dns/dns_reply.h"

#include <asio/awaitable.hpp>
#include <string>

namespace postern {

class Resolver {
public:
    virtual ~Resolver() = default;

    // `name` in A-labels, with or without its last dot; no escapes. Completes
    // by `deadline` at the latest, with tempfail if nothing better is known.
    virtual asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline deadline) = 0;
};

} // namespace postern
