// metrics_server - a daemon's facts over HTTP, for machines that watch it
//
//     /metrics   all facts, as Prometheus reads them
//     /healthz   200 if the daemon lives: its event loop answers
//     /readyz    200 if every function is ready, else 503; a line for each, with the reason
//
// The facts are collected on the event loop, at one moment and in some
// microseconds; they are written on the server's own thread.
// Failure: an event loop that does not answer in `patience` is 503. Where the
// server cannot be started, for its module is not there, the Error says so.
#pragma once

#include "common/facts.h"
#include "common/file_descriptor.h"
#include "common/result.h"

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace postern {

class MetricsServer {
public:
    using Collect = std::function<Facts()>; // on the io_context's thread

    // `listener` listens already. To be destroyed on the io_context's thread, or when it is at its end.
    static Result<std::unique_ptr<MetricsServer>> start(asio::io_context& io, FileDescriptor listener, Collect collect,
                                                        std::chrono::milliseconds patience = std::chrono::seconds(2));
    ~MetricsServer();

private:
    struct Impl;

    explicit MetricsServer(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

} // namespace postern
