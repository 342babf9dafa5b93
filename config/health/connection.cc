#include "config/health/connection.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

namespace postern {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t line_limit = 4096;

Result<FileDescriptor> connect_to(const sockaddr* address, socklen_t size, int family)
{
    FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket)
        return fail("{}", std::strerror(errno));
    if (::connect(socket.get(), address, size) != 0 && errno != EINPROGRESS)
        return fail("cannot connect: {}", std::strerror(errno));
    return socket;
}

Result<FileDescriptor> connect_to(const SocketAddress& address)
{
    if (address.is_unix()) {
        const auto name = unix_sockaddr(address.path);
        return connect_to(reinterpret_cast<const sockaddr*>(&name), sizeof name, AF_UNIX);
    }
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &wanted, &found))
        return fail("{}: {}", address.host, ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> keeper(found, ::freeaddrinfo);
    return connect_to(found->ai_addr, found->ai_addrlen, found->ai_family);
}

} // namespace

Connection::Connection(FileDescriptor socket, Clock::time_point deadline)
    : socket_(std::move(socket))
    , deadline_(deadline)
{
}

Result<Connection> Connection::open(const SocketAddress& address, std::chrono::milliseconds limit)
{
    auto socket = connect_to(address);
    if (!socket)
        return tl::unexpected(socket.error());
    Connection connection(std::move(*socket), Clock::now() + limit);
    if (const auto ready = connection.wait(POLLOUT); !ready)
        return tl::unexpected(ready.error());
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(connection.socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
        return fail("cannot connect: {}", std::strerror(error));
    return connection;
}

Result<> Connection::wait(short events) const
{
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    pollfd waiting{socket_.get(), events, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left) + 1) <= 0)
        return fail("no answer in time");
    return {};
}

Result<> Connection::write(std::string_view text)
{
    while (!text.empty()) {
        if (const auto ready = wait(POLLOUT); !ready)
            return ready;
        const auto sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return fail("cannot write: {}", std::strerror(errno));
        if (sent > 0)
            text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<bool> Connection::read_more()
{
    if (const auto ready = wait(POLLIN); !ready)
        return tl::unexpected(ready.error());
    char octets[4096];
    const auto size = ::recv(socket_.get(), octets, sizeof octets, 0);
    if (size < 0 && errno != EAGAIN && errno != EINTR)
        return fail("cannot read: {}", std::strerror(errno));
    if (size > 0)
        buffer_.append(octets, static_cast<std::size_t>(size));
    return size != 0;
}

Result<std::string> Connection::read_line()
{
    for (;;) {
        if (const auto end = buffer_.find('\n'); end != std::string::npos) {
            auto line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            if (line.ends_with('\r'))
                line.pop_back();
            return line;
        }
        if (buffer_.size() > line_limit)
            return fail("a line is too long");
        const auto more = read_more();
        if (!more)
            return tl::unexpected(more.error());
        if (!*more)
            return fail("the connection was closed");
    }
}

Result<std::string> Connection::read_octets(std::size_t size)
{
    while (buffer_.size() < size) {
        const auto more = read_more();
        if (!more)
            return tl::unexpected(more.error());
        if (!*more)
            return fail("the connection was closed");
    }
    auto octets = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return octets;
}

Result<std::string> Connection::read_to_end(std::size_t limit)
{
    for (;;) {
        const auto more = read_more();
        if (!more)
            return tl::unexpected(more.error());
        if (!*more)
            return std::move(buffer_);
        if (buffer_.size() > limit)
            return fail("answers more than {} octets", limit);
    }
}

} // namespace postern
