#include "config/resolver_options.h"

namespace postern {

ResolverOptions resolver_options(const DnsSettings& settings)
{
    ResolverOptions options;
    options.servers = settings.servers;
    options.timeout = settings.timeout;
    options.tries = static_cast<int>(settings.tries);
    options.cache_size = static_cast<std::size_t>(settings.cache_size);
    options.max_ttl = settings.max_ttl;
    return options;
}

} // namespace postern
