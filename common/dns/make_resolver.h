// make_resolver - the resolver of a daemon, as it is configured
//
// A cache before c-ares: what every check and filter is given.
// Failure: an Error names the server that is not an address.
// Config: [dns].
#pragma once

#include "common/dns/cached_resolver.h"
#include "common/dns/server_health.h"
#include "common/result.h"

#include <asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

namespace postern {

struct ResolverOptions {
    std::vector<std::string> servers; // "127.0.0.1", "[::1]:5353"; empty: the system's
    std::chrono::milliseconds timeout{2000};
    int tries = 2;
    std::size_t cache_size = 10'000; // answers, of half a KiB each on average
    std::chrono::seconds max_ttl = std::chrono::hours(24);
    std::string system{}; // what names the system's servers, as it was read: of another text they are others

    bool operator==(const ResolverOptions&) const = default;
};

// `health` is told whether the servers answer; nullptr: nobody wants to know.
Result<std::unique_ptr<CachedResolver>> make_resolver(asio::io_context& io, const ResolverOptions& options,
                                                      std::shared_ptr<ServerHealth> health = nullptr);

} // namespace postern
