#include "milterd/clamd_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::size_t chunk_size = 64 * 1024;
constexpr std::size_t max_reply = 4096;

bool would_block()
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

std::array<char, 4> big_endian(std::size_t n)
{
    return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}

} // namespace

ClamdConnection::ClamdConnection(const ClamdEndpoint& endpoint, ClamdCommand command, ClamdContent content)
    : socket_(::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
    , command_(command)
    , content_(content)
{
    connect(endpoint);
}

void ClamdConnection::connect(const ClamdEndpoint& endpoint)
{
    if (!socket_)
        return;
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.size) == 0)
        phase_ = Phase::sending;
    else if (errno == EINPROGRESS)
        phase_ = Phase::connecting;
    else if (errno == EAGAIN) // a Unix socket whose backlog is full: connect(2)
        end_ = Progress::busy;
}

ClamdConnection::Progress ClamdConnection::end(Progress how)
{
    phase_ = Phase::ended;
    end_ = how;
    return how;
}

ClamdConnection::Progress ClamdConnection::advance()
{
    if (phase_ == Phase::connecting)
        if (const auto progress = finish_connect(); phase_ != Phase::sending)
            return progress;
    if (phase_ == Phase::ended)
        return end_;
    if (phase_ == Phase::sending && command_ == ClamdCommand::descriptor)
        return send_descriptor();
    if (phase_ == Phase::sending)
        send_stream();
    return receive(); // also while sending: clamd may have had enough
}

short ClamdConnection::events() const
{
    return phase_ == Phase::connecting ? POLLOUT : phase_ == Phase::sending ? POLLIN | POLLOUT : POLLIN;
}

ClamdConnection::Progress ClamdConnection::finish_connect()
{
    pollfd writable{socket_.get(), POLLOUT, 0};
    if (::poll(&writable, 1, 0) <= 0)
        return Progress::connecting;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return end(Progress::refused);
    phase_ = Phase::sending;
    return Progress::under_way;
}

// The command and, with one more octet, the descriptor.
ClamdConnection::Progress ClamdConnection::send_descriptor()
{
    char command[] = "zFILDES\0"; // and the literal's own NUL, which carries the descriptor
    iovec octets{command, sizeof command};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &octets;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &content_.descriptor, sizeof(int));

    const auto sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(sizeof command)) {
        moved_ += sizeof command;
        phase_ = Phase::receiving;
        return receive();
    }
    if (sent < 0 && would_block())
        return Progress::under_way;
    return end(sent < 0 && errno != EPIPE && errno != ECONNRESET ? Progress::no_descriptor : Progress::closed);
}

// The next of what is sent. Of a stream that is a chunk: its length in four octets, then itself; a length of 0 ends the stream.
bool ClamdConnection::fill_out()
{
    if (is_last_)
        return false;
    out_.clear();
    out_sent_ = 0;
    if (command_ == ClamdCommand::ping) {
        out_.append("zPING").append(1, '\0');
        is_last_ = true;
        return true;
    }
    if (content_read_ == 0)
        out_.append("zINSTREAM").append(1, '\0');
    const auto prefix = out_.size();
    const auto size = std::min(chunk_size, content_.size - content_read_);
    out_.resize(prefix + 4 + size);
    const auto length = big_endian(size);
    std::copy(length.begin(), length.end(), out_.begin() + static_cast<std::ptrdiff_t>(prefix));
    for (std::size_t done = 0; done < size;) {
        const auto got = ::pread(content_.descriptor, out_.data() + prefix + 4 + done, size - done,
                                 static_cast<off_t>(content_read_ + done));
        if (got <= 0)
            return false; // a file that is shorter than it was: without its end, the stream has no verdict
        done += static_cast<std::size_t>(got);
    }
    content_read_ += size;
    is_last_ = size == 0;
    return true;
}

void ClamdConnection::send_stream()
{
    for (;;) {
        if (out_sent_ == out_.size() && !fill_out()) {
            phase_ = Phase::receiving;
            return;
        }
        const auto sent = ::send(socket_.get(), out_.data() + out_sent_, out_.size() - out_sent_, MSG_NOSIGNAL);
        if (sent < 0) {
            if (!would_block())
                phase_ = Phase::receiving; // EPIPE: clamd has closed, but its reason can still be read
            return;
        }
        out_sent_ += static_cast<std::size_t>(sent);
        moved_ += static_cast<std::size_t>(sent);
    }
}

ClamdConnection::Progress ClamdConnection::receive()
{
    std::array<char, 512> buffer;
    for (;;) {
        const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && would_block())
            return Progress::under_way;
        if (got <= 0 || in_.size() > max_reply)
            return end(Progress::closed); // a reply without its end is none
        in_.append(buffer.data(), static_cast<std::size_t>(got));
        if (const auto size = in_.find('\0'); size != std::string::npos) {
            in_.resize(size);
            return end(Progress::replied);
        }
    }
}

} // namespace postern
