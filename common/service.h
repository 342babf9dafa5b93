// service - the skeleton of a daemon
//
// Runs an io_context on the calling thread and answers what every daemon must
// answer: SIGTERM and SIGINT drain and end it, SIGHUP and SIGUSR1 reload it,
// the control socket carries commands, systemd hears of readiness and gets
// its watchdog fed. No PID file: the supervisor knows.
// Failure: a reload that finds a fault keeps what is running and says why;
// a drain that takes longer than `drain_limit` is cut short.
// See: sd_notify(3), daemon(7)
#pragma once

#include "common/log.h"
#include "common/result.h"

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace postern {

struct ServiceHooks {
    // Reads everything again, checks it whole and swaps it, or keeps the old
    // and says why. Runs on the io_context's thread.
    std::function<Result<>()> reload;

    // Takes no new work and calls `done` (from any thread) when what was
    // begun is finished.
    std::function<void(std::function<void()> done)> drain;

    // One control command and its arguments, to the text of its answer.
    // "reload" and "ping" are the service's own and do not come here.
    std::function<Result<std::string>(const std::string& command, const std::string& arguments)> command;
};

class Service {
public:
    Service(asio::io_context& io, Log& log, ServiceHooks hooks);
    ~Service();

    // Listens on the control socket: 0660, root and the daemon's own group only.
    Result<> open_control(const std::string& path);

    // Says READY=1 and runs until drained. Returns the exit status.
    int run(std::chrono::seconds drain_limit = std::chrono::seconds(30));

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace postern
