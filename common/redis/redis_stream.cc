#include "common/redis/redis_stream.h"

#include <asio/ip/address.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/redirect_error.hpp>
#include <asio/socket_base.hpp>
#include <asio/ssl/host_name_verification.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <vector>

namespace postern {
namespace {

constexpr std::size_t most_addresses = 8; // of a name

} // namespace

RedisStream::RedisStream(asio::io_context& io, std::shared_ptr<RedisTls> tls)
    : tls_(std::move(tls))
    , resolver_(io)
{
    if (tls_)
        secure_.emplace(io, tls_->context());
    else
        plain_.emplace(io);
}

asio::awaitable<Result<>> RedisStream::connect(SocketAddress address)
{
    Result<> connected;
    if (address.is_unix()) {
        const asio::local::stream_protocol::endpoint endpoint(address.path);
        connected = co_await connect_to(endpoint);
    } else {
        connected = co_await connect_to_host(address);
    }
    if (!connected || !secure_)
        co_return connected;
    connected = co_await shake_hands(address);
    co_return connected;
}

asio::awaitable<Result<>> RedisStream::connect_to_host(const SocketAddress& address)
{
    std::vector<asio::ip::tcp::endpoint> endpoints;
    asio::error_code error;
    const auto literal = asio::ip::make_address(address.host, error);
    if (!error) {
        endpoints.emplace_back(literal, address.port);
    } else {
        const auto found = co_await resolver_.async_resolve(address.host, std::to_string(address.port),
                                                            asio::ip::tcp::resolver::numeric_service,
                                                            asio::redirect_error(asio::use_awaitable, error));
        if (error)
            co_return fail("{}", error.message());
        for (const auto& entry : found)
            if (endpoints.size() < most_addresses)
                endpoints.push_back(entry.endpoint());
    }
    Result<> connected = fail("no address");
    for (const auto& endpoint : endpoints) {
        connected = co_await connect_to(endpoint);
        if (connected || is_closed_)
            break;
    }
    co_return connected;
}

asio::awaitable<Result<>> RedisStream::connect_to(asio::generic::stream_protocol::endpoint endpoint)
{
    asio::error_code error;
    if (is_closed_)
        co_return fail("closed");
    socket().close(error); // from an address that was tried before
    co_await socket().async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (error)
        co_return fail("{}", error.message());
    if (endpoint.protocol().family() != AF_UNIX) {
        const int on = 1;
        ::setsockopt(socket().native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        socket().set_option(asio::socket_base::keep_alive(true), error);
    }
    co_return Result<>();
}

asio::awaitable<Result<>> RedisStream::shake_hands(const SocketAddress& address)
{
    auto* const ssl = secure_->native_handle();
    const auto& name = tls_->options().name.empty() ? address.host : tls_->options().name;
    asio::error_code error;
    asio::ip::make_address(name, error);
    if (error) // a name: it is told to the server, which may have several certificates
        ::SSL_set_tlsext_host_name(ssl, name.c_str());
    if (tls_->options().verify)
        secure_->set_verify_callback(asio::ssl::host_name_verification(name), error);
    co_await secure_->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    if (!error)
        co_return Result<>();
    if (const auto verdict = ::SSL_get_verify_result(ssl); tls_->options().verify && verdict != X509_V_OK)
        co_return fail("TLS: the certificate: {}", ::X509_verify_cert_error_string(verdict));
    co_return fail("TLS: {}", error.message());
}

asio::awaitable<std::size_t> RedisStream::read(asio::mutable_buffer buffer)
{
    asio::error_code error;
    std::size_t size = 0;
    if (secure_)
        size = co_await secure_->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    else
        size = co_await plain_->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    co_return error ? 0 : size;
}

asio::awaitable<bool> RedisStream::write(asio::const_buffer buffer)
{
    asio::error_code error;
    if (secure_)
        co_await asio::async_write(*secure_, buffer, asio::redirect_error(asio::use_awaitable, error));
    else
        co_await asio::async_write(*plain_, buffer, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
}

// Without the goodbye of TLS: an answer that was cut short is seen as such by its own length.
void RedisStream::close()
{
    is_closed_ = true;
    resolver_.cancel();
    asio::error_code error;
    socket().close(error);
}

} // namespace postern
