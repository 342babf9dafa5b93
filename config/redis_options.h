// redis_options - from [redis] to what the client of Redis wants
#pragma once

#include "common/redis/redis_options.h"
#include "config/config.h"

namespace postern {

RedisOptions redis_options(const RedisSettings& settings); // of a configuration without faults

} // namespace postern
