#include "common/http_server.h"

#include "common/listen_socket.h"
#include "test/fake/http_client.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <stdexcept>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock;

constexpr HttpLimits short_limits{300ms, 2000};

FileDescriptor listen_at(const std::string& path)
{
    auto listener = open_listen_socket({.address = *parse_socket_address("unix:" + path)});
    REQUIRE(listener);
    return std::move(*listener);
}

HttpAnswer handle(const std::string& path)
{
    if (path == "/throw")
        throw std::runtime_error("broken");
    if (path == "/long")
        return {200, "text/plain", std::string(1 << 20, 'x')};
    if (path == "/slow")
        std::this_thread::sleep_for(500ms); // longer than an exchange may take
    return {path == "/none" ? 404 : 200, "text/plain", "path " + path + "\n"};
}

struct Fixture {
    explicit Fixture(HttpLimits limits = {})
    {
        auto started = start_http_server(listen_at(path), handle, limits);
        REQUIRE(started);
        server = std::move(*started);
    }

    // The whole answer to these octets, after which nothing more comes.
    std::string exchange(std::string_view request) const
    {
        const HttpClient client(path);
        client.send(request);
        client.no_more();
        return client.receive();
    }

    ScratchFolder folder;
    std::string path = folder / "http";
    std::unique_ptr<HttpServer> server;
};

} // namespace

TEST_CASE("HttpServer: what is asked and what is answered")
{
    const std::string long_field = "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n";
    std::string many_fields = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 1000; ++i)
        many_fields += "X-Field: 1234567890123456\r\n";
    struct Case {
        const char* name;
        std::string request;
        std::string want_begin; // empty: nothing at all
        std::string want_end;
    };
    const Case cases[] = {
        {"a path", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\npath /metrics\n"},
        {"of old times", "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\npath /metrics\n"},
        {"the query is no part of the path", "GET /readyz?x=1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200", "path /readyz\n"},
        {"not there", "GET /none HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ", "\r\n\r\npath /none\n"},
        {"the head alone", "HEAD /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\n"},
        {"nothing but GET", "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405 ", ""},
        {"a handler that throws", "GET /throw HTTP/1.1\r\n\r\n", "HTTP/1.1 500 ", ""},
        {"no HTTP", "hello\r\n\r\n", "HTTP/1.1 400 ", ""},
        {"half a request", "GET /metr", "", ""},
        {"nothing", "", "", ""},
        {"a field without end", long_field, "HTTP/1.1 400 ", ""},
        {"fields without end", many_fields, "HTTP/1.1 400 ", ""},
        {"a long path", "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n", "HTTP/1.1 4", ""},
    };
    const Fixture fixture;
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = fixture.exchange(c.request);
        CAPTURE(got);
        CHECK(got.starts_with(c.want_begin));
        CHECK(got.ends_with(c.want_end));
        CHECK((c.want_begin.empty() ? got.empty() : got.find("Connection: close\r\n") != std::string::npos));
    }
    CHECK(fixture.exchange("GET /long HTTP/1.1\r\n\r\n").size() > 1 << 20);
}

TEST_CASE("HttpServer: who is slow is cut off, and the next is served")
{
    const Fixture fixture(short_limits);
    const auto begin = Time::now();
    const HttpClient silent(fixture.path);
    const HttpClient dripping(fixture.path);
    std::thread drip([&] {
        for (int i = 0; i < 20; ++i) {
            dripping.send("G");
            std::this_thread::sleep_for(50ms);
        }
    });
    CHECK(fixture.exchange("GET /a HTTP/1.1\r\n\r\n").ends_with("path /a\n"));
    CHECK(Time::now() - begin >= 2 * short_limits.exchange - 50ms);
    CHECK(silent.receive().find("200") == std::string::npos);
    drip.join();
}

TEST_CASE("HttpServer: the handler's time is its own")
{
    const Fixture fixture(short_limits);
    CHECK(fixture.exchange("GET /slow HTTP/1.1\r\n\r\n").ends_with("path /slow\n"));
}

TEST_CASE("HttpServer: it ends while somebody is connected")
{
    auto fixture = std::make_unique<Fixture>(HttpLimits{1h, 2000});
    const HttpClient silent(fixture->path);
    std::this_thread::sleep_for(50ms);
    const auto begin = Time::now();
    fixture.reset();
    CHECK(Time::now() - begin < 10s);
}

} // namespace postern
