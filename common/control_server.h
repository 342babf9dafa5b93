// control_server - commands to a running daemon, over a Unix socket
//
//     client:  command arguments\n
//     server:  ok\n  or  error: why\n
//              text, until it closes the connection
//
// One command a connection. A request is a line of at most control_line_limit
// octets; everything after the first blank is the arguments, as sent. Served:
// root and members of the daemon's group (effective, or supplementary of the
// peer at the time it connected), by the kernel's word (SO_PEERCRED,
// SO_PEERGROUPS), whatever the mode of the socket.
// Failure: a request that is too long or holds control characters is answered
// with "error: ..."; a client that stalls is closed after `idle_limit`; those
// above `max_connections` are told so and closed; an exception that leaves a
// command is its error.
// See: control_client for the other end, control_request for the line
#pragma once

#include "common/file_descriptor.h"
#include "common/result.h"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <sys/types.h>

namespace postern {

constexpr std::size_t control_line_limit = 4096; // octets, the line feed included

// Runs one command to the text of its answer, on the io_context's thread. It has to end by
// itself, in bounded time; while it waits, other commands are served.
using ControlCommand = std::function<asio::awaitable<Result<std::string>>(std::string command, std::string arguments)>;

struct ControlLimits {
    std::chrono::milliseconds idle_limit{5000};
    std::size_t max_connections = 16;
};

struct PeerCredentials {
    uid_t user;
    gid_t group;
};

// Is this peer root, or in the group?
bool may_control(const PeerCredentials& peer, std::span<const gid_t> supplementary, gid_t daemon_group);

class ControlServer {
public:
    // `listener` listens already (open_listen_socket).
    ControlServer(asio::io_context& io, FileDescriptor listener, ControlCommand command, ControlLimits limits = {});
    ~ControlServer(); // takes no more connections and closes those that are open

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

} // namespace postern
