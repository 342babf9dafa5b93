// ares_resolver - Resolver over c-ares on one io_context
//
// Asks the configured servers, or those of /etc/resolv.conf: by UDP with a
// buffer of 1,232 octets (RFC 6891), by TCP where the answer was truncated,
// the next server where one is silent or fails. Names are absolute: no search
// list, no /etc/hosts. A name is its labels with dots between and nothing
// else: a backslash is an octet like another. One that cannot be put into a
// question (no label, an empty or too long one, more than 253 octets, NUL)
// cannot exist either: nxdomain, without asking.
// Failure: tempfail. c-ares gives up by itself after timeout * (2^tries - 1)
// a server; a caller's earlier deadline completes the caller alone.
// Threads: everything on the one that runs the io_context. Another thread asks
// by asio::co_spawn(io, resolver.lookup(...), asio::use_future).
// May be destroyed at any time on that thread: who waits gets tempfail.
#pragma once

#include "common/dns/resolver.h"
#include "common/dns/server_health.h"
#include "common/result.h"
#include "common/socket_address.h"

#include <asio/io_context.hpp>
#include <memory>
#include <vector>

namespace postern {

struct AresOptions {
    std::vector<IpEndpoint> servers; // empty: the system's
    std::chrono::milliseconds timeout{2000}; // for the first try of a server; doubled for each later one
    int tries = 2;
    std::shared_ptr<ServerHealth> health{}; // is told of each question's end; nullptr: nobody is
};

class AresResolver final : public Resolver {
public:
    static Result<std::unique_ptr<AresResolver>> create(asio::io_context& io, const AresOptions& options);
    ~AresResolver() override;

    asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline deadline) override;

private:
    class Channel;

    explicit AresResolver(std::shared_ptr<Channel> channel);

    std::shared_ptr<Channel> channel_;
};

} // namespace postern
