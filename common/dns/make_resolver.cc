#include "common/dns/make_resolver.h"

#include "common/dns/ares_resolver.h"

#include <algorithm>
#include <utility>

namespace postern {

Result<std::unique_ptr<CachedResolver>> make_resolver(asio::io_context& io, const ResolverOptions& options,
                                                      std::shared_ptr<ServerHealth> health)
{
    constexpr std::size_t usual_octets = 512;
    constexpr std::size_t least_octets = 1024 * 1024; // a small cache may still hold the largest answer, 64 KiB

    AresOptions ares{{}, options.timeout, options.tries, std::move(health)};
    for (const auto& text : options.servers) {
        const auto server = parse_ip_endpoint(text, 53); // RFC 1035 4.2
        if (!server)
            return tl::unexpected(server.error());
        ares.servers.push_back(*server);
    }
    auto resolver = AresResolver::create(io, ares);
    if (!resolver)
        return tl::unexpected(resolver.error());

    CacheOptions cache;
    cache.capacity = options.cache_size;
    cache.max_octets = std::max(least_octets, options.cache_size * usual_octets);
    cache.max_ttl = options.max_ttl;
    return std::make_unique<CachedResolver>(io, std::move(*resolver), std::move(cache));
}

} // namespace postern
