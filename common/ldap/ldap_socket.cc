#include "common/ldap/ldap_socket.h"

#include "common/socket_address.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>

namespace postern {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

constexpr int keepalive_idle = 60; // seconds: before a firewall forgets the connection

std::string errno_text(int error)
{
    return std::strerror(error);
}

// getaddrinfo(3) cannot be interrupted, so it has a thread that is left to itself when we stop waiting.
struct Resolution {
    FileDescriptor done{::eventfd(0, EFD_CLOEXEC)};
    int status = EAI_FAIL;
    AddressList addresses{nullptr, ::freeaddrinfo};
};

Result<AddressList> resolve(const LdapUrl& url, const LdapStop& stop, Deadline deadline)
{
    const auto port = std::to_string(url.port);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* numeric = nullptr;
    if (::getaddrinfo(url.host.c_str(), port.c_str(), &hints, &numeric) == 0)
        return AddressList(numeric, ::freeaddrinfo);

    hints.ai_flags = AI_NUMERICSERV;
    auto resolution = std::make_shared<Resolution>();
    std::thread([resolution, host = url.host, port, hints] {
        addrinfo* found = nullptr;
        resolution->status = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
        resolution->addresses.reset(found);
        ::eventfd_write(resolution->done.get(), 1);
    }).detach();
    switch (wait_for(resolution->done.get(), POLLIN, stop, deadline)) {
    case Waited::ready:
        break;
    case Waited::late:
        return fail("the name {} cannot be resolved in time", url.host);
    case Waited::stopped:
        return fail("stopped");
    }
    eventfd_t count = 0;
    ::eventfd_read(resolution->done.get(), &count); // and with it, all that the thread has written
    if (resolution->status != 0)
        return fail("the name {} cannot be resolved: {}", url.host, ::gai_strerror(resolution->status));
    return std::move(resolution->addresses);
}

Result<FileDescriptor> connect_address(const sockaddr* address, socklen_t size, const LdapStop& stop, Deadline deadline)
{
    FileDescriptor socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket)
        return fail("socket: {}", errno_text(errno));
    if (::connect(socket.get(), address, size) == 0)
        return socket;
    if (errno != EINPROGRESS)
        return fail("cannot connect: {}", errno_text(errno));
    switch (wait_for(socket.get(), POLLOUT, stop, deadline)) {
    case Waited::ready:
        break;
    case Waited::late:
        return fail("cannot connect: no answer in time");
    case Waited::stopped:
        return fail("stopped");
    }
    int error = 0;
    socklen_t error_size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error != 0)
        return fail("cannot connect: {}", errno_text(error));
    return socket;
}

// So that a connection whose other end is gone is known to be dead before it is needed.
void watch_over(const FileDescriptor& socket, milliseconds timeout)
{
    const int on = 1;
    const auto give_up = static_cast<unsigned>(timeout.count());
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, &keepalive_idle, sizeof keepalive_idle);
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &give_up, sizeof give_up);
}

} // namespace

LdapStop::LdapStop()
    : event_(::eventfd(0, EFD_CLOEXEC))
{
}

void LdapStop::stop()
{
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    ::eventfd_write(event_.get(), 1);
    if (guarded_ >= 0)
        ::shutdown(guarded_, SHUT_RDWR);
}

LdapStop::Guard::Guard(LdapStop& stop, int socket)
    : stop_(stop)
{
    const std::lock_guard lock(stop_.mutex_);
    stop_.guarded_ = socket;
    if (stop_.stopped_)
        ::shutdown(socket, SHUT_RDWR);
}

LdapStop::Guard::~Guard()
{
    const std::lock_guard lock(stop_.mutex_);
    stop_.guarded_ = -1;
}

Waited wait_for(int descriptor, short events, const LdapStop& stop, Deadline deadline)
{
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
        pollfd watched[] = {{stop.descriptor(), POLLIN, 0}, {descriptor, events, 0}};
        const int ready = ::poll(watched, 2, static_cast<int>(std::clamp(left, milliseconds(0), milliseconds(60'000)).count()));
        if (ready > 0 && watched[0].revents != 0)
            return Waited::stopped;
        if (ready > 0)
            return Waited::ready;
        if (left <= milliseconds(0))
            return Waited::late;
    }
}

Result<FileDescriptor> connect_ldap_socket(const LdapUrl& url, milliseconds timeout, const LdapStop& stop)
{
    const auto deadline = steady_clock::now() + timeout;
    if (url.scheme == LdapScheme::ldapi) {
        const auto address = unix_sockaddr(url.path);
        return connect_address(reinterpret_cast<const sockaddr*>(&address), sizeof address, stop, deadline);
    }
    const auto addresses = resolve(url, stop, deadline);
    if (!addresses)
        return tl::unexpected(addresses.error());
    int left = 0;
    for (const auto* address = addresses->get(); address; address = address->ai_next)
        ++left;
    Result<FileDescriptor> socket = fail("the name {} has no address", url.host);
    for (const auto* address = addresses->get(); address && !socket; address = address->ai_next) {
        const auto now = steady_clock::now();
        const auto share = now + std::max(deadline - now, steady_clock::duration(0)) / left--;
        socket = connect_address(address->ai_addr, address->ai_addrlen, stop, share);
    }
    if (socket)
        watch_over(*socket, timeout);
    return socket;
}

} // namespace postern
