// socket_poll - waits for many sockets at the cost of one
//
// Connections that ask one short question after the other are better served
// by an epoll(7) instance of their own than by Asio's sockets, which try each
// read once before they wait for it: here a question costs one read and one
// write, and one round through the io_context serves all that have arrived.
// Who has an answer may hold it until all of the round have theirs: sent one
// after the other, they do not wake their receivers in between.
// Level-triggered, so nothing is lost between two waits. A socket is waited
// for by one coroutine at a time. Everything on the thread of the io_context.
// Failure: if epoll itself fails, who waits is woken, and its read tells.
#pragma once

#include "common/file_descriptor.h"

#include <asio/async_result.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <sys/epoll.h>
#include <type_traits>
#include <utility>
#include <vector>

namespace postern {

class SocketPoll {
public:
    // Throws std::system_error if there is no epoll instance to be had.
    explicit SocketPoll(asio::io_context& io);
    ~SocketPoll(); // wakes nobody: forget() every socket before

    // Wait until `fd` can be read (has ended, has failed) or written: co_await poll.readable(fd, asio::use_awaitable)
    template <class Token>
    auto readable(int fd, Token&& token)
    {
        return wait(fd, EPOLLIN, std::forward<Token>(token));
    }
    template <class Token>
    auto writable(int fd, Token&& token)
    {
        return wait(fd, EPOLLOUT, std::forward<Token>(token));
    }

    // Until what has arrived with this coroutine's question is read, too: co_await poll.round_end(asio::use_awaitable).
    // Only while is_in_round(); it is soon, whatever happens.
    template <class Token>
    auto round_end(Token&& token)
    {
        return asio::async_initiate<Token, void()>(
            [this](auto handler) { add_to_round(std::make_unique<WaiterOf<decltype(handler)>>(std::move(handler))); }, token);
    }

    // Whether a question is being read now, and others may follow.
    bool is_in_round() const;

    // Before `fd` is closed: wakes, soon, who waits for it.
    void forget(int fd);

private:
    class Waiter {
    public:
        virtual ~Waiter() = default;
        virtual void wake() = 0;
    };

    template <class Handler>
    class WaiterOf final : public Waiter {
    public:
        explicit WaiterOf(Handler handler)
            : handler_(std::move(handler))
        {
        }
        void wake() override { std::move(handler_)(); }

    private:
        Handler handler_;
    };

    struct State;

    template <class Token>
    auto wait(int fd, std::uint32_t events, Token&& token)
    {
        return asio::async_initiate<Token, void()>(
            [this, fd, events](auto handler) {
                add(fd, events, std::make_unique<WaiterOf<decltype(handler)>>(std::move(handler)));
            },
            token);
    }
    void add(int fd, std::uint32_t events, std::unique_ptr<Waiter> waiter);
    void add_to_round(std::unique_ptr<Waiter> waiter);

    std::shared_ptr<State> state_; // a handler of the io_context may outlive this
};

} // namespace postern
