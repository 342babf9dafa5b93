// redis_connection - one connection to one server of Redis, from its login to its end
//
// Questions go out as they come, many at a time, and are answered in their
// order. It begins to connect when it is made, logs in, and sees whether the
// server takes questions; then it is ready. It ends once: when it cannot be
// made in time, when the server closes it, breaks the protocol, leaves a
// question unanswered for `timeout`, or says that it is a replica. What was
// asked and not answered then fails. An idle server is asked for a sign of
// life. Who lets go of it has it closed, and hears nothing more.
// Failure: the Error has the server's address, and what is wrong.
#pragma once

#include "common/redis/redis_reply.h"
#include "common/redis/redis_stream.h"
#include "common/socket_address.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace postern {

using RedisAnswer = std::function<void(Result<RedisReply> reply)>;

struct RedisLogin {
    std::string user;     // empty: Redis's default user
    std::string password; // empty: none
    std::int64_t database = 0;
    bool wants_master = false; // a replica is not good enough

    bool operator==(const RedisLogin&) const = default;
};

struct RedisTimes {
    std::chrono::milliseconds connect{2000};
    std::chrono::milliseconds timeout{2000};
};

class RedisConnection {
public:
    static constexpr std::size_t most_waiting = 20'000; // questions that are not answered

    struct Options {
        SocketAddress address;
        RedisLogin login;
        std::shared_ptr<RedisTls> tls; // none: plain
        RedisTimes times;
    };
    // Neither is called before the constructor has returned.
    struct Events {
        std::function<void()> on_ready;
        std::function<void(const Error&)> on_end; // at most once, after each question has failed
    };

    RedisConnection(asio::io_context& io, Options options, Events events);
    ~RedisConnection();
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    // Once it is ready, a redis_command. `answer` is called once: later, or at once if it cannot be asked.
    void ask(std::string_view command, RedisAnswer answer);

    std::size_t waiting() const; // questions that are not answered

private:
    class Session;
    std::shared_ptr<Session> session_;
};

} // namespace postern
