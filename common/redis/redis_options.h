// redis_options - which servers of Redis there are, and how they are spoken to
#pragma once

#include "common/redis/redis_connection.h"

#include <optional>
#include <string>
#include <vector>

namespace postern {

struct RedisOptions {
    enum class Mode {
        server,   // the first of `servers` that takes writes
        sentinel, // the one that the sentinels call the master
        cluster,  // each key has its own: some of them are in `servers`, the rest is learnt
    };

    Mode mode = Mode::server;
    std::vector<SocketAddress> servers; // with Mode::sentinel: the sentinels
    std::string sentinel_master;        // its name
    RedisLogin login;
    RedisLogin sentinel_login;
    std::optional<RedisTlsOptions> tls; // none: plain
    RedisTimes times;
};

} // namespace postern
