#include "common/metrics_server.h"

#include "common/listen_socket.h"
#include "test/fake/http_client.h"
#include "test/scratch_folder.h"

#include <asio/executor_work_guard.hpp>
#include <doctest/doctest.h>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock;

// A loop that runs or hangs, and a server beside it.
class Fixture {
public:
    explicit Fixture(FunctionState::Kind kind, std::chrono::milliseconds patience = 10s)
    {
        auto listener = open_listen_socket({.address = *parse_socket_address("unix:" + path)});
        REQUIRE(listener);
        auto server = MetricsServer::start(io_, std::move(*listener), [this, kind] { return collect(kind); }, patience);
        REQUIRE(server);
        server_ = std::move(*server);
    }

    ~Fixture()
    {
        server_.reset();
        io_.stop();
        if (loop_.joinable())
            loop_.join();
    }

    void run_loop()
    {
        loop_ = std::thread([this] { io_.run(); });
    }

    void stop() { server_.reset(); }

    std::string get(const std::string& what) const { return http_get(path, what); }

private:
    Facts collect(FunctionState::Kind kind) const
    {
        CHECK(std::this_thread::get_id() == loop_.get_id());
        Facts facts;
        facts.line("requests").counter("", 5, "Requests.");
        facts.function({"greylist", kind, "disk full", "pass"});
        return facts;
    }

    ScratchFolder folder_;

public:
    const std::string path = folder_ / "metrics";

private:
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
    std::thread loop_;
    std::unique_ptr<MetricsServer> server_;
};

} // namespace

TEST_CASE("MetricsServer: what each path says")
{
    using Kind = FunctionState::Kind;
    struct Case {
        const char* name;
        Kind kind;
        std::string path;
        std::string want_begin;
        std::string want_part;
    };
    const Case cases[] = {
        {"metrics", Kind::ready, "/metrics", "HTTP/1.1 200 ", "\npostern_requests_total 5\n"},
        {"their type", Kind::ready, "/metrics", "HTTP/1.1 200 ", "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"},
        {"metrics while something is down", Kind::down, "/metrics", "HTTP/1.1 200 ",
         "\npostern_function_state{function=\"greylist\",state=\"down\"} 1\n"},
        {"alive", Kind::ready, "/healthz", "HTTP/1.1 200 ", "\r\n\r\nalive\n"},
        {"alive while something is down", Kind::down, "/healthz", "HTTP/1.1 200 ", "\r\n\r\nalive\n"},
        {"ready", Kind::ready, "/readyz", "HTTP/1.1 200 ", "\r\n\r\ngreylist ready: disk full\n"},
        {"not ready", Kind::down, "/readyz", "HTTP/1.1 503 ", "\r\n\r\ngreylist down: disk full (meanwhile: pass)\n"},
        {"warming", Kind::warming, "/readyz", "HTTP/1.1 503 ", "greylist warming"},
        {"nothing else is there", Kind::ready, "/", "HTTP/1.1 404 ", "/healthz"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Fixture fixture(c.kind);
        fixture.run_loop();
        const auto got = fixture.get(c.path);
        CAPTURE(got);
        CHECK(got.starts_with(c.want_begin));
        CHECK(got.find(c.want_part) != std::string::npos);
    }
}

TEST_CASE("MetricsServer: a loop that hangs is not alive")
{
    const Fixture fixture(FunctionState::Kind::ready, 50ms);
    for (const auto* path : {"/healthz", "/readyz", "/metrics"})
        CHECK(fixture.get(path).starts_with("HTTP/1.1 503 "));
}

TEST_CASE("MetricsServer: it ends while an answer is waited for")
{
    Fixture fixture(FunctionState::Kind::ready, 1h);
    const HttpClient client(fixture.path);
    client.send("GET /healthz HTTP/1.1\r\n\r\n");
    std::this_thread::sleep_for(50ms);
    const auto begin = Time::now();
    fixture.stop();
    CHECK(Time::now() - begin < 10s);
    CHECK(client.receive().find(" 200 ") == std::string::npos);
}

} // namespace postern
