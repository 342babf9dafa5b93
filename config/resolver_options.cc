#include "config/resolver_options.h"

#include "common/data_set.h"
#include "common/read_file.h"

namespace postern {

ResolverOptions resolver_options(const DnsSettings& settings, const std::string& system)
{
    ResolverOptions options;
    options.servers = settings.servers;
    if (settings.servers.empty())
        options.system = read_file(system, data_file_limit).value_or("");
    options.timeout = settings.timeout;
    options.tries = static_cast<int>(settings.tries);
    options.cache_size = static_cast<std::size_t>(settings.cache_size);
    options.max_ttl = settings.max_ttl;
    return options;
}

} // namespace postern
