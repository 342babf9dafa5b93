#include "policyd/socket_poll.h"

#include <algorithm>
#include <array>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <cerrno>
#include <sys/epoll.h>
#include <system_error>
#include <utility>
#include <vector>

namespace postern {
namespace {

constexpr int most_events = 256; // at a time
constexpr std::size_t most_held = 24; // questions of a round: who has his answer asks again while the others are worked on

int new_epoll()
{
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return fd;
}

} // namespace

struct SocketPoll::State : std::enable_shared_from_this<State> {
    explicit State(asio::io_context& io_context)
        : io(io_context)
        , poll(io_context, new_epoll())
    {
    }

    struct Socket {
        std::uint32_t watched = 0; // events that epoll knows we want; 0: it does not know the socket
        Client* client = nullptr;
    };

    // Tells epoll what is wanted of `fd`; 0 is nothing at all, not even its end.
    void watch(int fd, std::uint32_t events)
    {
        auto& socket = sockets[static_cast<std::size_t>(fd)];
        if (socket.watched == events)
            return;
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        const int operation = events == 0 ? EPOLL_CTL_DEL : socket.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        if (::epoll_ctl(poll.native_handle(), operation, fd, &event) == 0 || events == 0)
            socket.watched = events;
        else
            tell_soon(fd);
    }

    void tell_soon(int fd)
    {
        asio::post(io, [self = shared_from_this(), fd] {
            if (auto* const client = self->sockets[static_cast<std::size_t>(fd)].client)
                client->ready();
        });
    }

    // Asio watches the epoll instance itself: it is readable while a socket has an event.
    void wait()
    {
        poll.async_wait(asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const asio::error_code& error) {
                            if (!error)
                                self->dispatch();
                        });
    }

    void dispatch()
    {
        std::array<epoll_event, most_events> events;
        const int count = ::epoll_wait(poll.native_handle(), events.data(), most_events, 0);
        for (int i = 0; i < count && poll.is_open(); ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            is_in_round = true;
            if (auto* const client = sockets[static_cast<std::size_t>(fd)].client)
                client->ready(); // may do anything: wait for something else, forget, end all
            if (held.size() >= most_held)
                end_round();
        }
        end_round();
        if (poll.is_open())
            wait();
    }

    // Step by step, until nobody has one more.
    void end_round()
    {
        while (!held.empty()) {
            going_on.swap(held);
            for (std::size_t i = 0; i < going_on.size(); ++i) // one may be forgotten meanwhile
                if (auto* const client = going_on[i])
                    client->go_on();
            going_on.clear();
        }
        is_in_round = false;
    }

    void forget(Client* client)
    {
        for (auto* const step : {&held, &going_on})
            std::replace(step->begin(), step->end(), client, static_cast<Client*>(nullptr));
    }

    asio::io_context& io;
    asio::posix::stream_descriptor poll;
    std::vector<Socket> sockets; // by descriptor
    std::vector<Client*> held;   // until all have come as far; nullptr: was forgotten
    std::vector<Client*> going_on;
    bool is_in_round = false;
};

SocketPoll::SocketPoll(asio::io_context& io)
    : state_(std::make_shared<State>(io))
{
    state_->wait();
}

SocketPoll::~SocketPoll()
{
    asio::error_code ignored;
    state_->poll.close(ignored);
}

void SocketPoll::wait(int fd, std::uint32_t events, Client& client)
{
    const auto index = static_cast<std::size_t>(fd);
    if (index >= state_->sockets.size())
        state_->sockets.resize(index + 1);
    state_->sockets[index].client = &client;
    state_->watch(fd, events);
}

void SocketPoll::wait_readable(int fd, Client& client)
{
    wait(fd, EPOLLIN, client);
}

void SocketPoll::wait_writable(int fd, Client& client)
{
    wait(fd, EPOLLOUT, client);
}

void SocketPoll::rest(int fd)
{
    state_->watch(fd, 0);
}

bool SocketPoll::hold(Client& client)
{
    if (state_->is_in_round)
        state_->held.push_back(&client);
    return state_->is_in_round;
}

void SocketPoll::forget(int fd)
{
    const auto index = static_cast<std::size_t>(fd);
    if (index >= state_->sockets.size())
        return;
    state_->watch(fd, 0);
    state_->forget(std::exchange(state_->sockets[index].client, nullptr));
}

asio::io_context& SocketPoll::io() const
{
    return state_->io;
}

} // namespace postern
