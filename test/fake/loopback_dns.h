// loopback_dns - a name server on 127.0.0.1, by UDP and TCP on one port
//
// Gives to each query what the test's function returns: a packet, or an empty
// one for silence. Runs on the test's io_context until close().
#pragma once

#include "common/socket_address.h"
#include "test/fake/dns_packet.h"

#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace postern {

class LoopbackDns {
public:
    using Answer = std::function<DnsOctets(const DnsOctets& query, bool tcp)>;

    LoopbackDns(asio::io_context& io, Answer answer)
        : answer_(std::move(answer))
        , udp_(io, asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0))
        , tcp_(io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), udp_.local_endpoint().port()))
    {
        udp_.set_option(asio::socket_base::receive_buffer_size(1 << 20)); // a burst of questions is not lost
        receive();
        accept();
    }

    IpEndpoint address() const { return {IpAddress::v4({127, 0, 0, 1}), udp_.local_endpoint().port()}; }

    void close()
    {
        udp_.close();
        tcp_.close();
    }

    int udp_queries = 0;
    int tcp_queries = 0;

private:
    void receive()
    {
        udp_.async_receive_from(asio::buffer(packet_), peer_, [this](asio::error_code error, std::size_t size) {
            if (error)
                return;
            ++udp_queries;
            const auto reply = answer_({packet_.begin(), packet_.begin() + static_cast<std::ptrdiff_t>(size)}, false);
            if (!reply.empty())
                udp_.send_to(asio::buffer(reply), peer_);
            receive();
        });
    }

    struct Connection {
        explicit Connection(asio::ip::tcp::socket s)
            : socket(std::move(s))
        {
        }
        asio::ip::tcp::socket socket;
        std::array<std::uint8_t, 2> size{};
        DnsOctets query;
    };

    void accept()
    {
        tcp_.async_accept([this](asio::error_code error, asio::ip::tcp::socket socket) {
            if (error)
                return;
            read(std::make_shared<Connection>(std::move(socket)));
            accept();
        });
    }

    // RFC 1035 4.2.2: two octets of length, then the packet
    void read(std::shared_ptr<Connection> connection)
    {
        asio::async_read(
            connection->socket, asio::buffer(connection->size),
            [this, connection](asio::error_code error, std::size_t) {
                if (error)
                    return;
                connection->query.resize(static_cast<std::size_t>(connection->size[0] << 8 | connection->size[1]));
                asio::async_read(connection->socket, asio::buffer(connection->query),
                                 [this, connection](asio::error_code broken, std::size_t) {
                                     if (broken)
                                         return;
                                     ++tcp_queries;
                                     const auto reply = answer_(connection->query, true);
                                     if (!reply.empty()) {
                                         const auto size = static_cast<unsigned>(reply.size());
                                         const std::array<std::uint8_t, 2> length{static_cast<std::uint8_t>(size >> 8),
                                                                                  static_cast<std::uint8_t>(size)};
                                         asio::write(connection->socket, asio::buffer(length));
                                         asio::write(connection->socket, asio::buffer(reply));
                                     }
                                     read(connection);
                                 });
            });
    }

    Answer answer_;
    asio::ip::udp::socket udp_;
    asio::ip::udp::endpoint peer_;
    std::array<std::uint8_t, 4096> packet_{};
    asio::ip::tcp::acceptor tcp_;
};

} // namespace postern
