#include "common/http_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <httplib.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <utility>

namespace postern {
namespace {

using Time = std::chrono::steady_clock;

constexpr auto accept_pause = std::chrono::milliseconds(100); // when there is no descriptor left

// True: `fd` is ready. False: the deadline, or `stop` is readable.
bool wait_for(int fd, short events, int stop, Time::time_point deadline)
{
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Time::now());
        if (left.count() <= 0)
            return false;
        std::array<pollfd, 2> ready{{{fd, events, 0}, {stop, POLLIN, 0}}};
        const int count = ::poll(ready.data(), ready.size(), static_cast<int>(left.count()));
        if (count < 0 && errno == EINTR)
            continue;
        return count > 0 && ready[1].revents == 0 && ready[0].revents != 0;
    }
}

// A connection with a limit on its whole time and on what it may send, which httplib's own has not.
class LimitedStream final : public httplib::Stream {
public:
    LimitedStream(int fd, int stop, const HttpLimits& limits)
        : fd_(fd)
        , stop_(stop)
        , deadline_(Time::now() + limits.exchange)
        , octets_left_(limits.request_octets)
    {
    }

    void give_more_time(Time::duration time) { deadline_ += time; }

    bool is_readable() const override { return begin_ < end_ || wait_for(fd_, POLLIN, stop_, deadline_); }
    bool is_writable() const override { return wait_for(fd_, POLLOUT, stop_, deadline_); }

    ssize_t read(char* data, std::size_t size) override // httplib asks for one octet at a time
    {
        if (begin_ == end_ && !fill())
            return -1;
        const auto count = std::min(size, end_ - begin_);
        std::copy_n(buffer_.data() + begin_, count, data);
        begin_ += count;
        return static_cast<ssize_t>(count);
    }

    ssize_t write(const char* data, std::size_t size) override
    {
        while (is_writable()) {
            const auto count = ::send(fd_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count >= 0 || (errno != EAGAIN && errno != EINTR))
                return count;
        }
        return -1;
    }

    // Who asks is of no interest.
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    socket_t socket() const override { return fd_; }

private:
    bool fill()
    {
        while (octets_left_ > 0 && wait_for(fd_, POLLIN, stop_, deadline_)) {
            const auto count = ::recv(fd_, buffer_.data(), std::min(buffer_.size(), octets_left_), MSG_DONTWAIT);
            if (count < 0 && (errno == EAGAIN || errno == EINTR))
                continue;
            if (count <= 0)
                return false;
            begin_ = 0;
            end_ = static_cast<std::size_t>(count);
            octets_left_ -= end_;
            return true;
        }
        return false;
    }

    int fd_;
    int stop_;
    Time::time_point deadline_;
    std::size_t octets_left_;
    std::array<char, 4096> buffer_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

// httplib's protocol, without its sockets and threads.
class Exchange : public httplib::Server {
public:
    explicit Exchange(HttpHandler handler)
        : handler_(std::move(handler))
    {
        set_pre_routing_handler([this](const auto& request, auto& response) {
            answer(request, response);
            return HandlerResponse::Handled;
        });
        set_exception_handler([](const auto&, auto& response, const std::exception_ptr&) { response.status = 500; });
        set_payload_max_length(0);
    }

    void serve(LimitedStream& stream)
    {
        stream_ = &stream;
        bool is_closed = false;
        process_request(stream, true, is_closed, nullptr);
    }

private:
    void answer(const httplib::Request& request, httplib::Response& response)
    {
        if (request.method != "GET" && request.method != "HEAD") {
            response.status = 405; // RFC 9110 15.5.6
            response.set_header("Allow", "GET, HEAD");
            return;
        }
        const auto begin = Time::now();
        auto answer = handler_(request.path);
        stream_->give_more_time(Time::now() - begin);
        response.status = answer.status;
        response.set_content(std::move(answer.text), answer.content_type);
    }

    HttpHandler handler_;
    LimitedStream* stream_ = nullptr; // of the request at hand
};

class Worker final : public HttpServer {
public:
    Worker(FileDescriptor listener, HttpHandler handler, HttpLimits limits)
        : listener_(std::move(listener))
        , stop_(::eventfd(0, EFD_CLOEXEC))
        , exchange_(std::move(handler))
        , limits_(limits)
    {
        sigset_t all, before; // signals are for the threads that asked for them
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread([this] { run(); });
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    ~Worker() override
    {
        ::eventfd_write(stop_.get(), 1);
        thread_.join();
    }

    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

private:
    static constexpr auto ever = std::chrono::hours(1);

    void run()
    {
        while (!is_stopping()) {
            if (!wait_for(listener_.get(), POLLIN, stop_.get(), Time::now() + ever))
                continue;
            const FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (socket)
                serve(socket);
            else if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN)
                wait_for(-1, 0, stop_.get(), Time::now() + accept_pause);
        }
    }

    void serve(const FileDescriptor& socket)
    {
        LimitedStream stream(socket.get(), stop_.get(), limits_);
        try {
            exchange_.serve(stream);
        } catch (const std::exception&) { // no memory: for this request, not for the next
        }
    }

    bool is_stopping() const
    {
        pollfd stop{stop_.get(), POLLIN, 0};
        return ::poll(&stop, 1, 0) > 0;
    }

    FileDescriptor listener_;
    FileDescriptor stop_;
    Exchange exchange_;
    HttpLimits limits_;
    std::thread thread_; // last: it uses the others
};

std::unique_ptr<HttpServer> start(FileDescriptor listener, HttpHandler handler, HttpLimits limits)
{
    return std::make_unique<Worker>(std::move(listener), std::move(handler), limits);
}

} // namespace
} // namespace postern

extern "C" postern::StartHttpServer* postern_module()
{
    return &postern::start;
}
