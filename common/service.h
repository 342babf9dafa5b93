// service - the skeleton of a daemon
//
// Runs an io_context on the calling thread, which should be the first one
// (the kernel prefers it for signals), and answers what every daemon must
// answer: SIGTERM and SIGINT drain and end it (a second one ends it at once),
// SIGHUP and SIGUSR1 reload it, SIGPIPE is ignored, the control socket carries
// commands, systemd hears of readiness and gets its watchdog fed. No PID
// file: the supervisor knows.
// Failure: a reload that finds a fault keeps what is running and says why;
// a drain that takes longer than `drain_limit` is cut short.
// Log: event=service state=ready|draining|cut short|stopped reason=...,
// event=reload result=ok|refused error=...
// See: sd_notify(3), daemon(7), control_server
#pragma once

#include "common/control_server.h"
#include "common/listen_socket.h"
#include "common/log.h"
#include "common/result.h"

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace postern {

struct ServiceHooks {
    // Reads everything again, checks it whole and swaps it, or keeps the old
    // and says why; opens the log's file again. Runs on the io_context's thread.
    std::function<Result<>()> reload{};

    // Takes no new work and calls `done` when what was begun is finished: from
    // any thread that ends before the io_context does.
    std::function<void(std::function<void()> done)> drain{};

    // A control command that is not the service's own ("ping", "reload").
    ControlCommand command{};
};

class Service {
public:
    Service(asio::io_context& io, Log& log, ServiceHooks hooks);
    ~Service();

    // Listens on the control socket: 0660, root and the daemon's group only. Before the
    // drop of privileges, with `owner` and `group` those that the daemon will have.
    Result<> open_control(const ListenOptions& options);

    // Says READY=1 and runs until drained. Returns the exit status: 0, or 1 if
    // the drain was cut short.
    int run(std::chrono::milliseconds drain_limit = std::chrono::seconds(30));

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace postern
