// server - takes the connections of Postfix smtpd(8) processes
//
// One session a connection (see session), at most `max_connections`. When
// there are that many, or no descriptor is left, the one that has been idle
// longest makes way: Postfix opens another when it needs one, at the cost of a
// second, while one that is never taken would cost it its whole time limit.
// If none is idle, who knocks waits in the socket's queue.
// Failure: accept(2) failing is logged, and tried again for ever.
// Log: event=policy_server, problem=...; at most one a minute of a kind
#pragma once

#include "common/file_descriptor.h"
#include "common/log.h"
#include "policyd/session.h"

#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace postern {

struct ServerOptions {
    std::size_t max_connections = 1000;
    SessionLimits limits{};
    std::chrono::milliseconds sweep = std::chrono::seconds(1); // how often the limits are looked at
};

struct ServerCounts {
    std::size_t connections = 0; // open now
    std::uint64_t accepted = 0;  // since the start
    std::uint64_t displaced = 0; // idle ones that made way
};

class Server {
public:
    // `listener` listens already (open_listen_socket); Unix or TCP. It is served once the
    // io_context runs. `current` and `log` outlive the io_context's work.
    Server(asio::io_context& io, FileDescriptor listener, ServerOptions options, const CurrentPolicy& current, Log& log);
    ~Server(); // takes no more connections and closes those that are open

    // Takes no more connections, ends the idle ones, and calls `done` when the rest have had
    // the answers that they wait for.
    void drain(std::function<void()> done);

    // From now on; the limits hold for open connections too.
    void set_options(ServerOptions options);

    ServerCounts counts() const;

private:
    struct Shared; // lives as long as a coroutine of it
    std::shared_ptr<Shared> shared_;
};

} // namespace postern
