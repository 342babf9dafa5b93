#include "config/redis_options.h"

namespace postern {

RedisOptions redis_options(const RedisSettings& settings)
{
    RedisOptions options;
    options.mode = settings.mode == "sentinel"  ? RedisOptions::Mode::sentinel
                   : settings.mode == "cluster" ? RedisOptions::Mode::cluster
                                                : RedisOptions::Mode::server;
    for (const auto& server : settings.servers)
        if (auto address = parse_socket_address(server))
            options.servers.push_back(std::move(*address));
    options.sentinel_master = settings.sentinel_master;
    options.login = {settings.user, settings.password, settings.database};
    options.sentinel_login = {settings.sentinel_user, settings.sentinel_password};
    if (settings.tls)
        options.tls = RedisTlsOptions{settings.verify, settings.ca, settings.certificate, settings.key,
                                      settings.tls_name};
    options.times = {settings.connect_timeout, settings.timeout};
    return options;
}

} // namespace postern
