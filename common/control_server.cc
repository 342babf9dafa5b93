#include "common/control_server.h"

#include "common/control_request.h"
#include "common/text.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <cerrno>
#include <set>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace postern {
namespace {

using Protocol = asio::local::stream_protocol;

constexpr auto accept_pause = std::chrono::milliseconds(100); // when there is no descriptor left
constexpr std::size_t groups_limit = 65536;                   // NGROUPS_MAX

std::vector<gid_t> groups_of_peer(int fd)
{
    std::vector<gid_t> groups(32);
    for (;;) {
        auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        const int error = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0 ? 0 : errno;
        if (error == ERANGE && groups.size() < groups_limit) {
            groups.resize(groups.size() * 2);
            continue;
        }
        groups.resize(error == 0 ? size / sizeof(gid_t) : 0);
        return groups;
    }
}

bool is_permitted(int fd)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    return may_control({peer.uid, peer.gid}, groups_of_peer(fd), ::getegid());
}

// To a client that is not served; if it does not take it at once, it is not told.
void refuse(Protocol::socket& socket, std::string_view why)
{
    const auto line = fmt::format("error: {}\n", why);
    (void)!::send(socket.native_handle(), line.data(), line.size(),
                  MSG_NOSIGNAL | MSG_DONTWAIT);
}

// One client. A wait on its socket ends at the latest when the timer closes it.
struct Session {
    Session(Protocol::socket s, std::chrono::milliseconds limit)
        : socket(std::move(s))
        , timer(socket.get_executor())
        , idle_limit(limit)
    {
    }

    Protocol::socket socket;
    asio::steady_timer timer;
    std::chrono::milliseconds idle_limit;
};

void arm(const std::shared_ptr<Session>& session)
{
    session->timer.expires_after(session->idle_limit);
    session->timer.async_wait([weak = std::weak_ptr(session)](const asio::error_code& error) {
        const auto live = weak.lock();
        if (live && !error)
            live->socket.close();
    });
}

// The first line, without its line feed; nothing if the client left or was too slow.
asio::awaitable<Result<ControlRequest>> read_request(std::shared_ptr<Session> session)
{
    std::string text;
    asio::error_code error;
    arm(session);
    const auto size = co_await asio::async_read_until(session->socket, asio::dynamic_buffer(text, control_line_limit), '\n',
                                                      asio::redirect_error(asio::use_awaitable, error));
    session->timer.cancel();
    if (error == asio::error::not_found)
        co_return fail("the request is longer than {} octets", control_line_limit);
    if (error)
        co_return fail("the request does not end in a line feed");
    co_return parse_control_request(std::string_view(text).substr(0, size - 1));
}

asio::awaitable<void> write_answer(std::shared_ptr<Session> session, Result<std::string> answer)
{
    const auto text = answer ? "ok\n" + *answer : fmt::format("error: {}\n", printable(answer.error().what, control_line_limit));
    asio::error_code error;
    for (auto rest = asio::buffer(text); rest.size() > 0 && !error;) {
        arm(session); // anew for each part: a long answer may take long, but not stall
        rest += co_await session->socket.async_write_some(rest, asio::redirect_error(asio::use_awaitable, error));
    }
    session->timer.cancel();
    session->socket.close(error);
}

} // namespace

bool may_control(const PeerCredentials& peer, std::span<const gid_t> supplementary, gid_t daemon_group)
{
    return peer.user == 0 || peer.group == daemon_group
        || std::find(supplementary.begin(), supplementary.end(), daemon_group) != supplementary.end();
}

// Each coroutine holds one of these, so that it may end after the ControlServer.
struct ControlServer::Shared : std::enable_shared_from_this<Shared> {
    Shared(asio::io_context& io, ControlCommand c, ControlLimits l)
        : acceptor(io)
        , command(std::move(c))
        , limits(l)
    {
    }

    asio::awaitable<void> accept();
    asio::awaitable<void> serve(std::shared_ptr<Session> session);
    asio::awaitable<Result<std::string>> run(ControlRequest request);

    Protocol::acceptor acceptor;
    ControlCommand command;
    ControlLimits limits;
    std::set<std::shared_ptr<Session>> sessions;
};

asio::awaitable<void> ControlServer::Shared::accept()
{
    const auto self = shared_from_this();
    asio::steady_timer pause(acceptor.get_executor());
    while (acceptor.is_open()) {
        asio::error_code error;
        Protocol::socket socket(acceptor.get_executor());
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted)
            co_return;
        if (error) {
            pause.expires_after(accept_pause);
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        } else if (!is_permitted(socket.native_handle())) {
            refuse(socket, "only root and members of the daemon's group may ask");
        } else if (sessions.size() >= limits.max_connections) {
            refuse(socket, "too many connections");
        } else {
            const auto session = std::make_shared<Session>(std::move(socket), limits.idle_limit);
            sessions.insert(session);
            asio::co_spawn(acceptor.get_executor(), serve(session), asio::detached);
        }
    }
}

asio::awaitable<void> ControlServer::Shared::serve(std::shared_ptr<Session> session)
{
    const auto self = shared_from_this();
    auto request = co_await read_request(session);
    Result<std::string> answer;
    if (request) // not by ?: because GCC 12 copies what co_await gives there bit by bit
        answer = co_await run(std::move(*request));
    else
        answer = tl::unexpected(request.error());
    co_await write_answer(session, std::move(answer));
    sessions.erase(session);
}

asio::awaitable<Result<std::string>> ControlServer::Shared::run(ControlRequest request)
{
    try {
        co_return co_await command(std::move(request.command), std::move(request.arguments));
    } catch (const std::exception& error) { // a command that breaks is not the end of the daemon
        co_return fail("{}", error.what());
    }
}

ControlServer::ControlServer(asio::io_context& io, FileDescriptor listener, ControlCommand command, ControlLimits limits)
    : shared_(std::make_shared<Shared>(io, std::move(command), limits))
{
    shared_->acceptor.assign(Protocol(), listener.release());
    asio::co_spawn(io, shared_->accept(), asio::detached);
}

ControlServer::~ControlServer()
{
    asio::error_code ignored;
    shared_->acceptor.close(ignored);
    for (const auto& session : shared_->sessions)
        session->socket.close(ignored);
}

} // namespace postern
