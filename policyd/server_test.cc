#include "policyd/server.h"

#include "test/fake/fake_log.h"
#include "test/fake/policy_client.h"
#include "test/scratch_folder.h"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <atomic>
#include <doctest/doctest.h>
#include <future>
#include <sys/resource.h>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;

// Refuses each recipient with its own name, after a while if it is called "slow@...".
class EchoCheck final : public Check {
public:
    explicit EchoCheck(std::chrono::milliseconds delay)
        : delay_(delay)
    {
    }

    std::string_view name() const override { return "echo"; }

    VerdictSoon ask(const PolicyRequest& request, PolicyMessage&, Deadline) override
    {
        ++asked;
        if (request.recipient.starts_with("broken"))
            throw std::runtime_error("check is broken");
        if (request.recipient.starts_with("slow"))
            return later(request);
        return Verdict{.action = Action::reject, .code = 550, .text = request.recipient};
    }

    static inline std::atomic<int> asked = 0;

private:
    asio::awaitable<Verdict> later(const PolicyRequest& request) const
    {
        asio::steady_timer timer(co_await asio::this_coro::executor, delay_);
        co_await timer.async_wait(asio::use_awaitable);
        co_return Verdict{.action = Action::reject, .code = 550, .text = request.recipient};
    }

    std::chrono::milliseconds delay_;
};

FileDescriptor listen_at(const std::string& path)
{
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = unix_address(path);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket.get(), 2000) == 0);
    return socket;
}

// A server on a thread of its own, as a daemon would run it.
class Fixture {
public:
    explicit Fixture(ServerOptions options = {}, std::chrono::milliseconds delay = 300ms)
    {
        EchoCheck::asked = 0;
        current_.policy = policy(delay);
        server_ = std::make_unique<Server>(io_, listen_at(path()), options, current_, log);
        thread_ = std::thread([this] { io_.run(); });
    }

    ~Fixture() { stop(); }

    // Ends the server's thread; then the log may be read.
    void stop()
    {
        if (!thread_.joinable())
            return;
        asio::post(io_, [this] { server_.reset(); });
        thread_.join();
    }

    std::string path() const { return folder_ / "policy"; }

    ServerCounts counts()
    {
        return asio::post(io_, asio::use_future([this] { return server_->counts(); })).get();
    }

    std::size_t messages()
    {
        return asio::post(io_, asio::use_future([this] { return messages_.size(); })).get();
    }

    // Waits until one connection was made and is over.
    bool has_served_one()
    {
        for (int i = 0; i < 2000; ++i) {
            if (const auto now = counts(); now.accepted == 1 && now.connections == 0)
                return true;
            std::this_thread::sleep_for(5ms);
        }
        return false;
    }

    std::future<void> drain()
    {
        asio::post(io_, [this] { server_->drain([this] { drained_.set_value(); }); });
        return drained_.get_future();
    }

    bool logged(std::string_view text) const
    {
        for (const auto& line : log.lines)
            if (line.find(text) != std::string::npos)
                return true;
        return false;
    }

    void set_policy(std::vector<ChainedCheck> checks)
    {
        auto policy = std::make_shared<Policy>(std::move(checks), messages_, counts_, log);
        asio::post(io_, asio::use_future([&] { current_.policy = policy; })).get();
    }

    FakeLog log;

private:
    std::shared_ptr<Policy> policy(std::chrono::milliseconds delay)
    {
        std::vector<ChainedCheck> checks;
        checks.push_back({std::make_unique<EchoCheck>(delay), false});
        return std::make_shared<Policy>(std::move(checks), messages_, counts_, log);
    }

    ScratchFolder folder_;
    MessageStore messages_;
    PolicyCounts counts_;
    CurrentPolicy current_;
    std::promise<void> drained_;
    asio::io_context io_;
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

std::string echo_of(std::string_view recipient)
{
    return "action=550 5.7.1 " + std::string(recipient);
}

ServerOptions with_limits(SessionLimits limits)
{
    return {.limits = limits, .sweep = 20ms};
}

} // namespace

TEST_CASE("Server: one request, one answer, and again on the same connection")
{
    Fixture fixture;
    PolicyClient client(fixture.path());
    for (const auto* recipient : {"a@x", "b@x", "c@x"})
        CHECK(client.ask(rcpt_request(recipient)) == echo_of(recipient));
    CHECK(fixture.counts().accepted == 1);
}

TEST_CASE("Server: two requests in one write are two answers, in their order")
{
    Fixture fixture;
    PolicyClient client(fixture.path());
    client.send(rcpt_request("slow@x") + rcpt_request("b@x"));
    CHECK(client.receive() == echo_of("slow@x"));
    CHECK(client.receive() == echo_of("b@x"));
}

TEST_CASE("Server: of three requests in one write the first is answered and the broken one ends the connection")
{
    Fixture fixture;
    PolicyClient client(fixture.path());
    client.send(rcpt_request("a@x") + "junk\n\n" + rcpt_request("c@x"));
    CHECK(client.receive() == echo_of("a@x"));
    CHECK_FALSE(client.receive());
}

TEST_CASE("Server: more requests at a time than are answered in one go")
{
    Fixture fixture;
    std::vector<std::unique_ptr<PolicyClient>> clients;
    for (int i = 0; i < 200; ++i)
        clients.push_back(std::make_unique<PolicyClient>(fixture.path()));
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < clients.size(); ++i)
            clients[i]->send(rcpt_request(std::to_string(i)));
        for (std::size_t i = 0; i < clients.size(); ++i)
            CHECK(clients[i]->receive() == echo_of(std::to_string(i)));
    }
}

TEST_CASE("Server: a request and a half, then the other half")
{
    Fixture fixture;
    PolicyClient client(fixture.path());
    const auto second = rcpt_request("b@x");
    client.send(rcpt_request("a@x") + second.substr(0, 100));
    CHECK(client.receive() == echo_of("a@x"));
    client.send(second.substr(100));
    CHECK(client.receive() == echo_of("b@x"));
}

TEST_CASE("Server: a request octet by octet")
{
    Fixture fixture;
    PolicyClient client(fixture.path());
    for (const char octet : rcpt_request("a@x"))
        client.send({&octet, 1});
    CHECK(client.receive() == echo_of("a@x"));
}

TEST_CASE("Server: the next message of a connection ends the one before, but not those of others")
{
    Fixture fixture;
    PolicyClient first(fixture.path());
    PolicyClient second(fixture.path());
    CHECK(first.ask(rcpt_request("a@x", "1.1.0")) == echo_of("a@x"));
    CHECK(second.ask(rcpt_request("a@x", "2.1.0")) == echo_of("a@x"));
    CHECK(first.ask(rcpt_request("b@x", "1.1.0")) == echo_of("b@x"));
    CHECK(fixture.messages() == 2);
    CHECK(first.ask(rcpt_request("a@x", "1.2.0")) == echo_of("a@x"));
    CHECK(first.ask(rcpt_request("a@x", "")) == echo_of("a@x")); // no message at all
    CHECK(fixture.messages() == 2);
}

TEST_CASE("Server: what is no request closes the connection without an answer")
{
    struct Case {
        const char* name;
        std::string sent;
        const char* want_problem;
    };
    const Case cases[] = {
        {"not name=value", "hello\n\n", "not name=value"},
        {"an empty request", "\n", "has no request="},
        {"another protocol", "request=junk\n\n", "not smtpd_access_policy"},
        {"HTTP", "GET / HTTP/1.1\nHost: x\n\n", "not name=value"},
        {"a NUL", {"request=smtpd_access_policy\nsender=\0\n\n", 38}, "NUL"},
        {"an endless line", std::string(policy_request_limit, 'x'), "too long"},
        {"endless lines", "request=smtpd_access_policy\n" + std::string(policy_request_limit / 2, 'x') + "=\n"
                              + std::string(policy_request_limit / 2, 'x'),
         "too long"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Fixture fixture;
        PolicyClient client(fixture.path());
        client.send(c.sent);
        CHECK(client.receive() == std::nullopt);
        CHECK(client.is_closed());

        PolicyClient next(fixture.path()); // others are served on
        CHECK(next.ask(rcpt_request("a@x")) == echo_of("a@x"));
        fixture.stop();
        CHECK(fixture.logged(c.want_problem));
    }
}

TEST_CASE("Server: an inner fault closes the connection without an answer")
{
    Fixture fixture;
    PolicyClient client(fixture.path());
    CHECK(client.ask(rcpt_request("broken@x")) == std::nullopt);
    CHECK(client.is_closed());
    PolicyClient next(fixture.path());
    CHECK(next.ask(rcpt_request("a@x")) == echo_of("a@x"));
    fixture.stop();
    CHECK(fixture.logged("problem=check is broken"));
}

TEST_CASE("Server: a request that does not arrive in time closes the connection")
{
    Fixture fixture(with_limits({.arrival = 100ms}));
    PolicyClient client(fixture.path());
    client.send("request=smtpd_access_policy\n");
    CHECK(client.is_closed());
    fixture.stop();
    CHECK(fixture.logged("did not arrive in time"));
}

TEST_CASE("Server: a client that drips is late all the same")
{
    Fixture fixture(with_limits({.arrival = 200ms}));
    PolicyClient client(fixture.path());
    bool is_closed = false;
    for (int i = 0; i < 200 && !is_closed; ++i) {
        try {
            client.send("a");
        } catch (const std::runtime_error&) {
            is_closed = true;
        }
        std::this_thread::sleep_for(10ms);
    }
    CHECK(is_closed);
}

TEST_CASE("Server: a silent client stays, until it has been idle for too long")
{
    Fixture fixture(with_limits({.arrival = 50ms, .idle = 600ms}));
    PolicyClient client(fixture.path());
    CHECK_FALSE(client.is_closed(200ms)); // the limit of a request is not its own
    CHECK(client.ask(rcpt_request("a@x")) == echo_of("a@x"));
    CHECK_FALSE(client.is_closed(200ms));
    CHECK(client.is_closed());
    fixture.stop();
    CHECK_FALSE(fixture.logged("problem"));
}

TEST_CASE("Server: a slow check is not a late client")
{
    Fixture fixture(with_limits({.arrival = 50ms, .idle = 50ms}), 300ms);
    PolicyClient client(fixture.path());
    CHECK(client.ask(rcpt_request("slow@x")) == echo_of("slow@x"));
}

TEST_CASE("Server: a client that takes no answer is closed")
{
    Fixture fixture(with_limits({.arrival = 200ms}));
    PolicyClient client(fixture.path());
    std::string requests;
    for (int i = 0; i < 20'000; ++i)
        requests += rcpt_request("a@x");
    CHECK_THROWS_AS(client.send(requests), std::runtime_error); // blocks until the server gives up
    CHECK(fixture.has_served_one());
    fixture.stop();
    CHECK(fixture.logged("did not take the answer in time"));
}

TEST_CASE("Server: clients that leave")
{
    Fixture fixture;
    SUBCASE("without a word")
    {
        PolicyClient(fixture.path()).close();
        CHECK(fixture.has_served_one());
        fixture.stop();
        CHECK(fixture.log.lines.empty());
    }
    SUBCASE("in the middle of a request")
    {
        PolicyClient client(fixture.path());
        client.send("request=smtpd_access_policy\nsender");
        client.close();
        CHECK(fixture.has_served_one());
        fixture.stop();
        CHECK(fixture.logged("client left in the middle of a request"));
    }
    SUBCASE("before the answer")
    {
        PolicyClient client(fixture.path());
        client.send(rcpt_request("slow@x"));
        client.close();
        CHECK(fixture.has_served_one());
        CHECK(EchoCheck::asked == 1);
    }
}

TEST_CASE("Server: 1,000 connections at a time")
{
    Fixture fixture({.max_connections = 1000});
    std::vector<std::unique_ptr<PolicyClient>> clients;
    for (int i = 0; i < 1000; ++i)
        clients.push_back(std::make_unique<PolicyClient>(fixture.path()));
    for (auto& client : clients)
        client->send(rcpt_request("a@x"));
    int answered = 0;
    for (auto& client : clients)
        answered += client->receive() == echo_of("a@x");
    CHECK(answered == 1000);
    CHECK(fixture.counts().connections == 1000);
    CHECK(fixture.counts().displaced == 0);
}

TEST_CASE("Server: at the limit the connection that is idle longest makes way")
{
    Fixture fixture({.max_connections = 2});
    PolicyClient first(fixture.path());
    PolicyClient second(fixture.path());
    CHECK(second.ask(rcpt_request("a@x")) == echo_of("a@x"));
    CHECK(first.ask(rcpt_request("b@x")) == echo_of("b@x"));

    PolicyClient third(fixture.path());
    CHECK(third.ask(rcpt_request("c@x")) == echo_of("c@x"));
    CHECK(second.is_closed());
    CHECK(first.ask(rcpt_request("d@x")) == echo_of("d@x"));
    CHECK(fixture.counts().displaced == 1);
    fixture.stop();
    CHECK(fixture.logged("all connections are in use"));
}

TEST_CASE("Server: at the limit with none idle, who knocks waits")
{
    Fixture fixture({.max_connections = 1});
    PolicyClient first(fixture.path());
    first.send(rcpt_request("slow@x"));
    PolicyClient second(fixture.path());
    second.send(rcpt_request("b@x"));
    CHECK(first.receive() == echo_of("slow@x"));
    CHECK(second.receive() == echo_of("b@x"));
}

TEST_CASE("Server: out of descriptors it goes on when there are some again")
{
    Fixture fixture;
    PolicyClient first(fixture.path());
    CHECK(first.ask(rcpt_request("a@x")) == echo_of("a@x"));

    PolicyClient second;
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const auto usual = limit;
    const int next = ::dup(0); // the lowest that is free
    ::close(next);
    limit.rlim_cur = static_cast<rlim_t>(next);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    second.connect(fixture.path());
    second.send(rcpt_request("b@x"));
    CHECK(first.is_closed()); // it was idle, and made way
    CHECK(second.receive() == echo_of("b@x"));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
    fixture.stop();
    CHECK(fixture.logged("accept: "));
}

TEST_CASE("Server: drain ends idle connections and answers what was begun")
{
    Fixture fixture;
    PolicyClient idle(fixture.path());
    PolicyClient busy(fixture.path());
    PolicyClient arriving(fixture.path());
    CHECK(idle.ask(rcpt_request("a@x")) == echo_of("a@x"));
    const auto request = rcpt_request("b@x");
    arriving.send(request.substr(0, 50));
    busy.send(rcpt_request("slow@x"));
    while (EchoCheck::asked < 2)
        std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(50ms); // for the first octets of `arriving`

    auto drained = fixture.drain();
    CHECK(idle.is_closed());
    CHECK(busy.receive() == echo_of("slow@x"));
    CHECK(busy.is_closed());
    CHECK(drained.wait_for(0s) == std::future_status::timeout);
    arriving.send(request.substr(50));
    CHECK(arriving.receive() == echo_of("b@x"));
    CHECK(arriving.is_closed());
    CHECK(drained.wait_for(10s) == std::future_status::ready);
    CHECK_THROWS_AS(PolicyClient(fixture.path()), std::runtime_error);
}

TEST_CASE("Server: drain with nothing to do is done at once")
{
    Fixture fixture;
    CHECK(fixture.drain().wait_for(10s) == std::future_status::ready);
}

TEST_CASE("Server: a policy that replaces another leaves the requests under way alone")
{
    Fixture fixture;
    PolicyClient slow(fixture.path());
    PolicyClient quick(fixture.path());
    slow.send(rcpt_request("slow@x"));
    while (EchoCheck::asked < 1)
        std::this_thread::sleep_for(1ms);

    fixture.set_policy({});
    CHECK(quick.ask(rcpt_request("a@x")) == "action=DUNNO");
    CHECK(slow.receive() == echo_of("slow@x"));
    CHECK(slow.ask(rcpt_request("slow@x")) == "action=DUNNO");
}

} // namespace postern
