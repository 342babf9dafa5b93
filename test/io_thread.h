// io_thread - an io_context on a thread of its own, as a resolver has it in a daemon
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <thread>

namespace postern {

class IoThread {
public:
    IoThread()
        : work_(asio::make_work_guard(io_))
        , thread_([this] { io_.run(); })
    {
    }
    ~IoThread()
    {
        io_.stop();
        thread_.join();
    }
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    auto executor() { return io_.get_executor(); }

private:
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

} // namespace postern
