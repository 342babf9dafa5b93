#include "milterd/resolver_thread.h"

#include "common/file_descriptor.h"

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

// A name server that never answers.
struct SilentServer {
    SilentServer()
        : fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        socklen_t size = sizeof address;
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
        name = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }

    FileDescriptor fd;
    std::string name;
};

std::future<DnsReply> ask(ResolverThread& thread, const char* name, std::chrono::milliseconds patience)
{
    return asio::co_spawn(thread.io(),
                          thread.resolver().lookup(name, RrType::txt, std::chrono::steady_clock::now() + patience),
                          asio::use_future);
}

} // namespace

TEST_CASE("ResolverThread: before it is configured, and with a server that is none")
{
    ResolverThread thread;
    CHECK(ask(thread, "example.org", 10s).get().status == DnsStatus::tempfail);
    CHECK_FALSE(thread.configure({{"no address"}}));
    CHECK(ask(thread, "example.org", 10s).get().status == DnsStatus::tempfail);
    CHECK(thread.stats().misses == 0);
}

TEST_CASE("ResolverThread: a reload with the same options keeps the cache, with others begins anew")
{
    SilentServer server;
    ResolverThread thread;
    ResolverOptions options{{server.name}, 50ms, 1};
    CHECK(thread.configure(options));
    CHECK(ask(thread, "example.org", 10s).get().status == DnsStatus::tempfail);
    CHECK(thread.stats().misses == 1);
    CHECK(thread.configure(options));
    CHECK(thread.stats().misses == 1);
    options.tries = 2;
    CHECK(thread.configure(options));
    CHECK(thread.stats().misses == 0);
}

TEST_CASE("ResolverThread: a question under way survives a reload, and does not outlive the thread")
{
    SilentServer server;
    std::future<DnsReply> last;
    {
        ResolverThread thread;
        CHECK(thread.configure({{server.name}, 100ms, 1}));
        auto waiting = ask(thread, "example.org", 10s);
        CHECK(thread.configure({{server.name}, 10s, 1}));
        CHECK(waiting.get().status == DnsStatus::tempfail); // of its own time-out
        last = ask(thread, "example.org", 30s);
        thread.stats(); // it is under way
    }
    CHECK_THROWS_AS(last.get(), std::future_error); // broken promise
}

} // namespace postern
