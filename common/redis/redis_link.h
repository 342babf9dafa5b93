// redis_link - a server of Redis that is kept connected to
//
// The connection is made anew when it has ended: at once the first time, then
// with growing pauses. Where the server is may have to be asked anew each
// time (`locate`), as Sentinel wants it.
// Failure: see redis_client.
#pragma once

#include "common/redis/redis_connection.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace postern {

class RedisLink {
public:
    using Located = std::function<void(Result<SocketAddress> address)>;

    struct Options {
        std::function<void(Located)> locate; // calls back once, or not at all once the link is gone
        RedisLogin login;
        std::shared_ptr<RedisTls> tls;
        RedisTimes times;
        std::function<void()> on_change; // of trouble() or is_settled()
    };

    RedisLink(asio::io_context& io, Options options);
    ~RedisLink();
    RedisLink(const RedisLink&) = delete;
    RedisLink& operator=(const RedisLink&) = delete;

    void ask(std::string command, RedisAnswer answer);

    const std::string& trouble() const { return trouble_; } // why it is away; empty: it is not, or not known to be
    bool is_idle() const { return waiting_.empty() && (!connection_ || connection_->waiting() == 0); }
    bool is_settled() const { return is_ready_ || !trouble_.empty(); }

private:
    struct Waiting {
        std::string command;
        RedisAnswer answer;
    };

    void connect();
    void connect_to(const SocketAddress& address);
    void be_ready();
    void fail_all(const std::string& why);
    void try_again_later();

    asio::io_context& io_;
    Options options_;
    asio::steady_timer pause_timer_;
    std::chrono::milliseconds pause_{0};
    std::unique_ptr<RedisConnection> connection_;
    std::deque<Waiting> waiting_; // for the first attempt
    std::string trouble_;
    bool is_ready_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>(); // for what arrives after the end
};

} // namespace postern
