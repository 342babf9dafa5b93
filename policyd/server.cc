#include "policyd/server.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <unordered_map>

namespace postern {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds retry_interval{100}; // where nothing tells when accept would succeed

int family_of(int socket)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    return address.ss_family;
}

// An answer is one small segment: it must not wait for the acknowledgement of the last one.
void send_at_once(int socket)
{
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// Errors of one connection that was gone before it was taken (accept(2), "Error handling").
bool is_passing(int error)
{
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM || error == ENETDOWN
        || error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH;
}

} // namespace

struct Server::Shared : std::enable_shared_from_this<Shared> {
    Shared(asio::io_context& io_context, FileDescriptor listening, ServerOptions server_options,
           const CurrentPolicy& current_policy, Log& server_log)
        : io(io_context)
        , family(family_of(listening.get()))
        , poll(io)
        , listener(io, listening.release())
        , room(io)
        , sweep_timer(io)
        , options(server_options)
        , log(server_log)
        , surroundings{poll, options.limits, current_policy, server_log, [this](auto number) { end_soon(number); }}
    {
        listener.non_blocking(true);
    }

    asio::awaitable<void> accept_loop();
    asio::awaitable<void> sweep_loop();
    asio::awaitable<void> wait_for_room();
    asio::awaitable<void> accept_one();
    void begin_session(FileDescriptor socket);
    void end_soon(std::uint64_t number);
    void end_session(std::uint64_t number);
    void displace_idle();
    void complain(const std::string& problem);
    void close_listener();
    void finish_if_drained();

    asio::io_context& io;
    int family;
    SocketPoll poll;
    asio::posix::stream_descriptor listener;
    asio::steady_timer room; // cancelled when a connection ends
    asio::steady_timer sweep_timer;
    ServerOptions options;
    Log& log;

    SessionSurroundings surroundings;
    std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions;
    std::uint64_t accepted = 0;
    std::uint64_t displaced = 0;
    bool is_closed = false;
    std::function<void()> drained;
    std::unordered_map<std::string, SteadyClock::time_point> complaints; // by problem, when last
};

Server::Server(asio::io_context& io, FileDescriptor listener, ServerOptions options, const CurrentPolicy& current,
               Log& log)
    : shared_(std::make_shared<Shared>(io, std::move(listener), options, current, log))
{
    asio::co_spawn(io, [shared = shared_] { return shared->accept_loop(); }, asio::detached);
    asio::co_spawn(io, [shared = shared_] { return shared->sweep_loop(); }, asio::detached);
}

Server::~Server()
{
    shared_->drained = nullptr;
    shared_->close_listener();
    for (const auto& [number, session] : shared_->sessions)
        session->close();
    shared_->sweep_timer.cancel();
}

void Server::drain(std::function<void()> done)
{
    shared_->drained = std::move(done);
    shared_->close_listener();
    for (const auto& [number, session] : shared_->sessions)
        session->stop();
    shared_->finish_if_drained();
}

void Server::set_options(ServerOptions options)
{
    shared_->options = options;
}

ServerCounts Server::counts() const
{
    return {shared_->sessions.size(), shared_->accepted, shared_->displaced};
}

asio::awaitable<void> Server::Shared::accept_loop()
{
    const auto self = shared_from_this();
    while (!is_closed) {
        asio::error_code error;
        co_await listener.async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(asio::use_awaitable, error));
        if (is_closed)
            break;
        try {
            if (sessions.size() >= options.max_connections) {
                complain("all connections are in use");
                co_await wait_for_room();
            } else {
                co_await accept_one();
            }
        } catch (const std::exception& exception) { // no memory: for this connection, not for the next
            complain(exception.what());
        }
    }
}

asio::awaitable<void> Server::Shared::accept_one()
{
    FileDescriptor socket(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        begin_session(std::move(socket));
        co_return;
    }
    const int error = errno;
    if (error == EAGAIN || is_passing(error))
        co_return;
    complain("accept: " + std::generic_category().message(error));
    if (is_shortage(error))
        co_await wait_for_room();
    else
        co_await asio::steady_timer(io, retry_interval).async_wait(asio::use_awaitable);
}

// Until a connection ends, or a while has passed.
asio::awaitable<void> Server::Shared::wait_for_room()
{
    displace_idle();
    asio::error_code error;
    room.expires_after(retry_interval);
    co_await room.async_wait(asio::redirect_error(asio::use_awaitable, error));
}

void Server::Shared::displace_idle()
{
    Session* longest = nullptr;
    for (const auto& [number, session] : sessions)
        if ((!longest || session->since() < longest->since()) && session->is_idle())
            longest = session.get();
    if (longest) {
        longest->stop();
        ++displaced;
    }
}

void Server::Shared::begin_session(FileDescriptor socket)
{
    if (family != AF_UNIX)
        send_at_once(socket.get());
    const auto number = ++accepted;
    const auto session = std::make_shared<Session>(std::move(socket), number, surroundings);
    sessions.emplace(number, session);
    session->start();
}

// Its own members are at work, or somebody goes through all sessions.
void Server::Shared::end_soon(std::uint64_t number)
{
    asio::post(io, [self = shared_from_this(), number] { self->end_session(number); });
}

void Server::Shared::end_session(std::uint64_t number)
{
    sessions.erase(number);
    room.cancel();
    finish_if_drained();
}

asio::awaitable<void> Server::Shared::sweep_loop()
{
    const auto self = shared_from_this();
    while (!is_closed || !sessions.empty()) {
        asio::error_code error;
        sweep_timer.expires_after(options.sweep);
        co_await sweep_timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error && is_closed)
            break;
        const auto now = SteadyClock::now();
        for (const auto& [number, session] : sessions)
            session->expire(now);
    }
}

void Server::Shared::complain(const std::string& problem)
{
    const auto now = SteadyClock::now();
    const auto [complaint, is_new] = complaints.emplace(problem, now);
    if (!is_new && now - complaint->second < std::chrono::minutes(1))
        return;
    complaint->second = now;
    log.warning("policy_server", {{"problem", problem}, {"connections", sessions.size()}});
}

void Server::Shared::close_listener()
{
    is_closed = true;
    asio::error_code ignored;
    listener.close(ignored);
    room.cancel();
}

void Server::Shared::finish_if_drained()
{
    if (!is_closed || !sessions.empty() || !drained)
        return;
    sweep_timer.cancel();
    asio::post(io, std::exchange(drained, nullptr));
}

} // namespace postern
