// fake_clamd - a clamd(8) with moods
//
// Listens on a Unix socket, or on 127.0.0.1, reads what it is sent as clamd
// does, and reacts as the test's function says. Each connection has a thread.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <list>
#include <mutex>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace postern {

struct ClamdRequest {
    int number = 0;      // of those that asked for a scan, from 1
    std::string command; // "FILDES" or "INSTREAM"
    std::string content;
};

struct ClamdReaction {
    std::string reply{};                // ended with a NUL; empty: just close
    std::chrono::milliseconds delay{0}; // before the reply
    bool is_silent = false;             // no reply, and the connection stays
};

inline ClamdReaction clamd_says(std::string_view text)
{
    return {std::string(text) + '\0'};
}

class FakeClamd {
public:
    using React = std::function<ClamdReaction(const ClamdRequest&)>;

    struct Options {
        std::string path{};                // of a Unix socket; empty: TCP
        std::uint16_t port = 0;            // of TCP; 0: a free one
        std::size_t stream_limit = 1 << 30;
        bool takes_descriptors = true;
        bool closes_at_once = false;
        bool accepts = true;               // false: connections stay in the queue
        bool pongs = true;                 // false: a PING has no answer
        int backlog = 16;
    };

    FakeClamd(Options options, React react)
        : options_(std::move(options))
        , react_(std::move(react))
    {
        listen();
        acceptor_ = std::thread([this] { accept(); });
    }

    ~FakeClamd()
    {
        is_stopping_ = true;
        acceptor_.join();
        ::close(listener_);
        if (!options_.path.empty())
            ::unlink(options_.path.c_str());
        for (auto& thread : connections_)
            thread.join();
    }

    std::uint16_t port() const { return options_.port; }
    int connections() const { return scans_; } // that asked for a scan
    int pings() const { return pings_; }

    std::vector<ClamdRequest> requests()
    {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    static constexpr int tick = 5; // ms: how soon the end is noticed

    void listen()
    {
        const bool is_unix = !options_.path.empty();
        listener_ = ::socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int bound = -1;
        if (is_unix) {
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            std::strncpy(address.sun_path, options_.path.c_str(), sizeof address.sun_path - 1);
            ::unlink(options_.path.c_str());
            bound = ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        } else {
            const int on = 1;
            ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            address.sin_port = htons(options_.port);
            bound = ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
            socklen_t size = sizeof address;
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
            options_.port = ntohs(address.sin_port);
        }
        if (bound != 0 || ::listen(listener_, options_.backlog) != 0)
            throw std::runtime_error("fake clamd: cannot listen");
    }

    void accept()
    {
        while (!is_stopping_) {
            pollfd waiting{listener_, POLLIN, 0};
            if (!options_.accepts || ::poll(&waiting, 1, tick) <= 0) {
                std::this_thread::sleep_for(std::chrono::milliseconds(options_.accepts ? 0 : tick));
                continue;
            }
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            connections_.emplace_back([this, fd] {
                if (!options_.closes_at_once)
                    serve(fd);
                ::close(fd);
            });
        }
    }

    // Whole octets, or false at the end of the connection or the test.
    bool read(int fd, char* data, std::size_t size, int* passed = nullptr)
    {
        for (std::size_t done = 0; done < size;) {
            pollfd readable{fd, POLLIN, 0};
            if (is_stopping_)
                return false;
            if (::poll(&readable, 1, tick) <= 0)
                continue;
            iovec octets{data + done, size - done};
            alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
            msghdr message{};
            message.msg_iov = &octets;
            message.msg_iovlen = 1;
            message.msg_control = control;
            message.msg_controllen = sizeof control;
            const auto got = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
            if (got <= 0)
                return false;
            if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header && header->cmsg_type == SCM_RIGHTS) {
                int descriptor = -1;
                std::memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
                if (passed)
                    *passed = descriptor;
                else
                    ::close(descriptor);
            }
            done += static_cast<std::size_t>(got);
        }
        return true;
    }

    void serve(int fd)
    {
        ClamdRequest request;
        int passed = -1;
        for (char c = 1; c != '\0';) {
            if (!read(fd, &c, 1, &passed))
                return;
            if (c != '\0' && !(request.command.empty() && c == 'z'))
                request.command += c;
        }
        if (request.command == "PING") {
            ++pings_;
            answer(fd, options_.pongs ? clamd_says("PONG") : ClamdReaction{"", {}, true});
            return;
        }
        request.number = ++scans_;
        if (request.command == "FILDES") {
            char dummy = 0;
            if (!read(fd, &dummy, 1, &passed))
                return;
            if (!options_.takes_descriptors)
                request.content = "not passed";
            else
                read_file(passed, request.content);
            ::close(passed);
        } else if (!read_stream(fd, request.content)) {
            answer(fd, clamd_says("INSTREAM size limit exceeded. ERROR"));
            return;
        }
        const auto reaction = options_.takes_descriptors || request.command != "FILDES"
            ? react_(request)
            : clamd_says("No file descriptor received. ERROR");
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(std::move(request));
        }
        answer(fd, reaction);
    }

    static void read_file(int fd, std::string& content)
    {
        char buffer[4096];
        for (off_t at = 0;;) {
            const auto got = ::pread(fd, buffer, sizeof buffer, at);
            if (got <= 0)
                return;
            content.append(buffer, static_cast<std::size_t>(got));
            at += got;
        }
    }

    // False: over the limit, which is not read to its end.
    bool read_stream(int fd, std::string& content)
    {
        for (;;) {
            unsigned char length[4];
            if (!read(fd, reinterpret_cast<char*>(length), 4))
                return true;
            const auto size = static_cast<std::size_t>(length[0]) << 24 | static_cast<std::size_t>(length[1]) << 16
                | static_cast<std::size_t>(length[2]) << 8 | length[3];
            if (size == 0)
                return true;
            if (content.size() + size > options_.stream_limit)
                return false;
            const auto before = content.size();
            content.resize(before + size);
            if (!read(fd, content.data() + before, size))
                return true;
        }
    }

    void answer(int fd, const ClamdReaction& reaction)
    {
        const auto when = std::chrono::steady_clock::now() + reaction.delay;
        while (!is_stopping_ && (reaction.is_silent || std::chrono::steady_clock::now() < when))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        (void)::send(fd, reaction.reply.data(), reaction.reply.size(), MSG_NOSIGNAL);
    }

    Options options_;
    React react_;
    int listener_ = -1;
    std::atomic<bool> is_stopping_ = false;
    std::atomic<int> pings_ = 0;
    std::atomic<int> scans_ = 0;
    std::thread acceptor_;
    std::list<std::thread> connections_; // of the acceptor's thread, then of the destructor's
    std::mutex mutex_;
    std::vector<ClamdRequest> requests_; // under mutex_
};

} // namespace postern
