// redis_client - questions to Redis: one server, one that Sentinel names, or a Cluster
//
// A question goes to the server that has its key, at once, whatever others
// wait for; what the servers say of each other (who is the master, who has a
// slot) is followed. A server that is away is tried again with growing pauses;
// until it is back, its questions fail at once. Before the first attempt has
// ended they wait for it, bounded in number. Everything happens on the
// io_context's thread.
// Failure: an answer that did not come is an Error. One that is an error of
// Redis's is a reply. trouble() says why some or all questions would fail.
#pragma once

#include "common/redis/redis_options.h"
#include "common/redis/redis_reply.h"

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postern {

class RedisClient {
public:
    // `on_change`: trouble() is another. Failure: the files of TLS cannot be used.
    static Result<std::unique_ptr<RedisClient>> create(asio::io_context& io, const RedisOptions& options,
                                                       std::function<void()> on_change);
    virtual ~RedisClient() = default;

    // `answer` is called once, maybe before this returns; not once the client is gone.
    virtual void ask(std::string_view key, std::string command, RedisAnswer answer) = 0;

    virtual std::string trouble() const = 0; // empty: none, or it is not known yet

    // Whether every server has been reached, or could not be.
    virtual bool is_settled() const = 0;

    // The servers that hold keys, for who asks each of them.
    virtual std::size_t servers() const = 0;
    virtual void ask_server(std::size_t number, std::string command, RedisAnswer answer) = 0;
};

} // namespace postern
