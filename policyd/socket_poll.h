// socket_poll - waits for many sockets at the cost of one
//
// Connections that ask one short question after the other are better served
// by an epoll(7) instance of their own than by Asio's sockets, which try each
// read once before they wait for it, and by calls than by coroutines: here a
// question costs one read and one write and no memory, and one round through
// the io_context serves all that have arrived.
// Who comes to the end of a step of its work may let the others of the round
// come as far before it goes on: the code of one step fits into the CPU's first
// cache, that of all of them does not, so 24 questions taken through each step
// together load it once instead of 24 times. Answers that are sent one after the
// other do not wake their receivers in between, either.
// Level-triggered, so nothing is lost between two waits. Everything on the
// thread of the io_context.
// Failure: if epoll itself fails, who waits is told, and its read tells.
#pragma once

#include "common/file_descriptor.h"

#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>

namespace postern {

class SocketPoll {
public:
    // Who is told of a socket. May forget it, or wait for something else, whenever it is told.
    class Client {
    public:
        virtual void ready() = 0; // it can be read or written, as was waited for; or has ended, or failed
        virtual void go_on() = 0; // after hold()

    protected:
        ~Client() = default;
    };

    // Throws std::system_error if there is no epoll instance to be had.
    explicit SocketPoll(asio::io_context& io);
    ~SocketPoll(); // tells nobody: forget() every socket before

    // From now on `client` is told whenever `fd` can be read; written; or not any more, until the next of these calls.
    void wait_readable(int fd, Client& client);
    void wait_writable(int fd, Client& client);
    void rest(int fd);

    // True within ready() and go_on(): `client` is told to go on as soon as the others of the round have come as far,
    // whatever happens. False: there is no round to wait for.
    bool hold(Client& client);

    // Before `fd` is closed, or its client destroyed.
    void forget(int fd);

    asio::io_context& io() const;

private:
    struct State;

    void wait(int fd, std::uint32_t events, Client& client);

    std::shared_ptr<State> state_; // a handler of the io_context may outlive this
};

} // namespace postern
