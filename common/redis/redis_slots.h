// redis_slots - which server has a key, as Redis says it
//
// The keys are spread over 16384 slots by their CRC16; each slot is one
// server's. A server that is asked for a key of another one says so: MOVED
// for good, ASK for this one question while the slot is on its way. The map of
// all slots is what CLUSTER SLOTS answers. Without a Cluster there is one
// server, and where Sentinels watch it, they say which. Pure.
// See: redis.io, Redis cluster specification
#pragma once

#include "common/redis/redis_reply.h"
#include "common/socket_address.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace postern {

constexpr std::uint16_t redis_slot_count = 16384;

// Of the whole key, or of what stands in its first braces, if something does.
std::uint16_t redis_slot(std::string_view key);

struct RedisSlotRange {
    std::uint16_t first = 0, last = 0;
    SocketAddress server; // its master
};

// `asked` is the server that has answered: it may name itself without its host.
Result<std::vector<RedisSlotRange>> read_redis_slots(const RedisReply& reply, const SocketAddress& asked);

struct RedisRedirection {
    bool is_moved = false; // for good: MOVED; else ASK
    std::uint16_t slot = 0;
    SocketAddress server;
};

// Nothing: the reply is something else.
std::optional<RedisRedirection> read_redis_redirection(const RedisReply& reply, const SocketAddress& asked);

// "127.0.0.1:6381", "::1:6381", "redis-2.example.org:6381", ":6381", as Redis writes it.
std::optional<SocketAddress> read_redis_address(std::string_view text, const SocketAddress& asked);

// What a Sentinel answers to SENTINEL get-master-addr-by-name: [HOST PORT].
Result<SocketAddress> read_sentinel_answer(const RedisReply& reply, const SocketAddress& asked);

} // namespace postern
