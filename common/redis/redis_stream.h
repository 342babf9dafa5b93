// redis_stream - a connection to a server of Redis, plain or with TLS, as octets
//
// TCP or a Unix socket. Names are asked of the system (getaddrinfo), and each
// address of a name is tried in turn. Nothing here has a deadline: whoever
// waits closes the stream, and what was waited for ends with an error.
#pragma once

#include "common/redis/redis_tls.h"
#include "common/result.h"
#include "common/socket_address.h"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/stream.hpp>
#include <memory>
#include <optional>

namespace postern {

class RedisStream {
public:
    RedisStream(asio::io_context& io, std::shared_ptr<RedisTls> tls); // no tls: plain

    asio::awaitable<Result<>> connect(SocketAddress address);

    // 0: it has ended, or was closed.
    asio::awaitable<std::size_t> read(asio::mutable_buffer buffer);
    // All of it; false: it has ended.
    asio::awaitable<bool> write(asio::const_buffer buffer);

    void close();

private:
    using Socket = asio::generic::stream_protocol::socket;

    asio::awaitable<Result<>> connect_to_host(const SocketAddress& address);
    asio::awaitable<Result<>> connect_to(asio::generic::stream_protocol::endpoint endpoint);
    asio::awaitable<Result<>> shake_hands(const SocketAddress& address);

    Socket& socket() { return secure_ ? secure_->next_layer() : *plain_; }

    std::shared_ptr<RedisTls> tls_;
    asio::ip::tcp::resolver resolver_;
    std::optional<Socket> plain_;
    std::optional<asio::ssl::stream<Socket>> secure_;
    bool is_closed_ = false;
};

} // namespace postern
