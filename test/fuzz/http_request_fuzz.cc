#include "common/http_server.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>

extern "C" postern::StartHttpServer* postern_module(); // of common/http_module.cc

namespace {

using namespace postern;

void require(bool condition)
{
    if (!condition)
        std::abort();
}

// A server at an abstract address, which no file is left of.
class Server {
public:
    Server()
    {
        FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        require(::bind(listener.get(), address(), sizeof(sa_family_t)) == 0); // unix(7): autobind
        require(::getsockname(listener.get(), address(), &size_) == 0);
        require(::listen(listener.get(), 8) == 0);
        server_ = postern_module()(std::move(listener), [](const std::string& path) {
            return HttpAnswer{200, "text/plain", path == "/metrics" ? "fine\n" : path};
        }, {.exchange = std::chrono::hours(1)}); // a machine may halt for a while
    }

    // All that it answers; it has seen the end of what it is sent.
    std::string exchange(std::string_view request)
    {
        const FileDescriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        require(::connect(client.get(), address(), size_) == 0);
        while (!request.empty()) {
            const auto count = retried([&] { return ::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL); });
            if (count < 0)
                break; // it has heard enough
            request.remove_prefix(static_cast<std::size_t>(count));
        }
        ::shutdown(client.get(), SHUT_WR);
        std::string answer;
        char octets[4096];
        for (ssize_t count = 0; (count = retried([&] { return ::recv(client.get(), octets, sizeof octets, 0); })) > 0;)
            answer.append(octets, static_cast<std::size_t>(count));
        return answer;
    }

private:
    template <class Call>
    static ssize_t retried(Call call) // libFuzzer's timer interrupts
    {
        ssize_t count = 0;
        while ((count = call()) < 0 && errno == EINTR) {
        }
        return count;
    }

    sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }

    sockaddr_un address_{AF_UNIX, {}};
    socklen_t size_ = sizeof address_;
    std::unique_ptr<HttpServer> server_;
};

} // namespace

// Whatever a connection brings, it is answered by HTTP or not at all, and the next one is served.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static Server server;
    const auto answer = server.exchange({reinterpret_cast<const char*>(data), size});
    require(answer.empty() || answer.starts_with("HTTP/1."));
    const auto next = server.exchange("GET /metrics HTTP/1.1\r\n\r\n");
    require(next.starts_with("HTTP/1.1 200 ") && next.ends_with("\r\n\r\nfine\n"));
    return 0;
}
