// redis_sentinels - asks the sentinels of Redis where the master is
//
// One after the other, in their order, until one knows; the one that has
// known is asked first the next time, so that a dead one is waited for once.
// See: redis.io, Guidelines for Redis clients with support for Redis Sentinel
#pragma once

#include "common/redis/redis_options.h"

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace postern {

class RedisSentinels {
public:
    RedisSentinels(asio::io_context& io, const RedisOptions& options, std::shared_ptr<RedisTls> tls);
    ~RedisSentinels();

    using Located = std::function<void(Result<SocketAddress> master)>;
    void locate(Located located); // one question at a time

private:
    void ask_next();
    void answer(const RedisReply& reply);
    void give_up_on(const std::string& why);
    void finish(Result<SocketAddress> master);

    asio::io_context& io_;
    std::vector<SocketAddress> sentinels_; // those to be asked first come first
    std::string command_;
    RedisConnection::Options options_;
    std::string master_;
    std::size_t next_ = 0;
    std::string trouble_; // what each has said
    Located located_;
    std::unique_ptr<RedisConnection> connection_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

} // namespace postern
