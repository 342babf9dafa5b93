// http_client - the other end of an http_server, for tests: octets out, octets in
#pragma once

#include "common/file_descriptor.h"
#include "common/socket_address.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace postern {

class HttpClient {
public:
    explicit HttpClient(const std::string& path)
        : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        const auto address = unix_sockaddr(path);
        if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("cannot connect to " + path);
    }

    void send(std::string_view text) const
    {
        (void)!::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL); // who is refused need not hear it all
    }

    void no_more() const { ::shutdown(socket_.get(), SHUT_WR); }

    // All that comes until the server closes.
    std::string receive() const
    {
        std::string text;
        for (char buffer[4096];;) {
            const auto count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
            if (count <= 0)
                return text;
            text.append(buffer, static_cast<std::size_t>(count));
        }
    }

private:
    FileDescriptor socket_;
};

inline std::string http_get(const std::string& socket, const std::string& path)
{
    const HttpClient client(socket);
    client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.receive();
}

} // namespace postern
