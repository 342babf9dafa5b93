// policy_client - the Postfix end of a policy connection, for tests
//
// Blocking, with a limit on every wait. What goes wrong with the socket
// itself is an exception: it is the test that is broken.
#pragma once

#include "common/file_descriptor.h"

#include <chrono>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>

namespace postern {

inline sockaddr_un unix_address(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw std::runtime_error("too long for a socket: " + path);
    path.copy(address.sun_path, path.size());
    return address;
}

class PolicyClient {
public:
    PolicyClient()
        : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
    }

    explicit PolicyClient(const std::string& path)
        : PolicyClient()
    {
        connect(path);
    }

    void connect(const std::string& path) const
    {
        const auto address = unix_address(path);
        if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("cannot connect to " + path);
    }

    void send(std::string_view text) const
    {
        while (!text.empty()) {
            const auto count = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0)
                throw std::runtime_error("cannot send");
            text.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    // The next answer without its empty line; none if the other end closes, or is silent for `limit`.
    std::optional<std::string> receive(std::chrono::milliseconds limit = std::chrono::seconds(10))
    {
        for (;;) {
            const auto end = received_.find("\n\n");
            if (end != std::string::npos) {
                auto answer = received_.substr(0, end);
                received_.erase(0, end + 2);
                return answer;
            }
            if (!read_some(limit))
                return std::nullopt;
        }
    }

    std::optional<std::string> ask(std::string_view request)
    {
        send(request);
        return receive();
    }

    // Has the other end closed, within `limit`?
    bool is_closed(std::chrono::milliseconds limit = std::chrono::seconds(10))
    {
        while (!closed_ && read_some(limit)) { }
        return closed_;
    }

    void close() { socket_ = FileDescriptor(); }

private:
    bool read_some(std::chrono::milliseconds limit)
    {
        pollfd wait{socket_.get(), POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(limit.count())) <= 0)
            return false;
        char octets[4096];
        const auto count = ::recv(socket_.get(), octets, sizeof octets, 0);
        closed_ = count <= 0;
        if (count > 0)
            received_.append(octets, static_cast<std::size_t>(count));
        return count > 0;
    }

    FileDescriptor socket_;
    std::string received_;
    bool closed_ = false;
};

// A request that Postfix would send at RCPT.
inline std::string rcpt_request(std::string_view recipient = "user@example.org", std::string_view instance = "1f3.65.0")
{
    return std::string("request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
                       "client_address=192.0.2.1\nclient_name=mail.example.net\nreverse_client_name=mail.example.net\n"
                       "helo_name=mail.example.net\nsender=sender@example.net\nrecipient=")
        .append(recipient)
        .append("\nrecipient_count=0\nqueue_id=\ninstance=")
        .append(instance)
        .append("\nsize=0\nsasl_method=\nsasl_username=\nsasl_sender=\npolicy_context=\n\n");
}

} // namespace postern
