#include "common/control_client.h"

#include "common/control_server.h"
#include "common/file_descriptor.h"
#include "common/socket_address.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace postern {
namespace {

using Time = std::chrono::steady_clock;

constexpr std::size_t answer_limit = 16 << 20;
constexpr auto connect_pause = std::chrono::milliseconds(20);

Result<> wait_for(const FileDescriptor& socket, short events, Time::time_point deadline)
{
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Time::now());
        pollfd ready{socket.get(), events, 0};
        const int count = left.count() > 0 ? ::poll(&ready, 1, static_cast<int>(left.count())) : 0;
        if (count > 0)
            return {};
        if (count == 0)
            return fail("no answer in time");
        if (errno != EINTR)
            return fail("{}", std::strerror(errno));
    }
}

Result<FileDescriptor> connect_to(const std::string& path, Time::time_point deadline)
{
    const auto name = unix_sockaddr(path);
    if (path != name.sun_path)
        return fail("{} is no path of a Unix socket", path);
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket)
        return fail("{}", std::strerror(errno));
    while (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
        switch (errno) {
        case ENOENT:
        case ECONNREFUSED:
            return fail("nobody listens on {}: is the daemon running?", path);
        case EACCES:
            return fail("no permission for {}: root and members of the daemon's group may ask", path);
        case EAGAIN: // the daemon is busy taking others
        case EINTR:
            if (Time::now() >= deadline)
                return fail("no answer in time");
            std::this_thread::sleep_for(connect_pause);
            break;
        default:
            return fail("cannot connect to {}: {}", path, std::strerror(errno));
        }
    }
    return socket;
}

// A server that refuses to hear us has answered already: then sending may fail.
Result<> send_line(const FileDescriptor& socket, std::string_view text, Time::time_point deadline)
{
    while (!text.empty()) {
        const auto size = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (size >= 0)
            text.remove_prefix(static_cast<std::size_t>(size));
        else if (errno == EPIPE || errno == ECONNRESET)
            return {};
        else if (errno != EAGAIN && errno != EINTR)
            return fail("{}", std::strerror(errno));
        else if (const auto ready = wait_for(socket, POLLOUT, deadline); !ready)
            return ready;
    }
    return {};
}

Result<std::string> receive_all(const FileDescriptor& socket, Time::time_point deadline)
{
    std::string text;
    for (char buffer[4096];;) {
        if (const auto ready = wait_for(socket, POLLIN, deadline); !ready)
            return tl::unexpected(ready.error());
        const auto size = ::recv(socket.get(), buffer, sizeof buffer, 0);
        if (size > 0)
            text.append(buffer, static_cast<std::size_t>(size));
        else if (size == 0 || errno == ECONNRESET) // the latter if it did not read all we sent
            return text;
        else if (errno != EAGAIN && errno != EINTR)
            return fail("{}", std::strerror(errno));
        if (text.size() > answer_limit)
            return fail("the answer is longer than {} octets", answer_limit);
    }
}

} // namespace

Result<std::string> ask_control(const std::string& path, std::string_view command, std::chrono::milliseconds limit)
{
    constexpr std::string_view error_tag = "error: ";
    if (command.size() >= control_line_limit || command.find('\n') != std::string_view::npos)
        return fail("the command is not one line of less than {} octets", control_line_limit);

    const auto deadline = Time::now() + limit;
    const auto socket = connect_to(path, deadline);
    if (!socket)
        return tl::unexpected(socket.error());
    if (const auto sent = send_line(*socket, std::string(command) + "\n", deadline); !sent)
        return tl::unexpected(sent.error());
    const auto answer = receive_all(*socket, deadline);
    if (!answer)
        return tl::unexpected(answer.error());

    const auto line_end = answer->find('\n');
    const auto line = std::string_view(*answer).substr(0, line_end);
    if (line_end != std::string::npos && line == "ok")
        return answer->substr(line_end + 1);
    if (line_end != std::string::npos && line.starts_with(error_tag))
        return fail("{}", line.substr(error_tag.size()));
    return fail("the daemon closed the connection without an answer");
}

} // namespace postern
