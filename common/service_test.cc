#include "common/service.h"

#include "common/control_client.h"
#include "test/fake/fake_log.h"
#include "test/scratch_folder.h"

#include <algorithm>
#include <asio/steady_timer.hpp>
#include <csignal>
#include <cstdlib>
#include <doctest/doctest.h>
#include <functional>
#include <memory>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;
using Time = std::chrono::steady_clock;

// Signals to ourselves, one after another, while the service runs.
void raise_soon(asio::io_context& io, std::vector<int> signals)
{
    if (signals.empty())
        return;
    auto timer = std::make_shared<asio::steady_timer>(io, 20ms);
    timer->async_wait([&io, timer, signals = std::move(signals)](const asio::error_code&) {
        ::raise(signals.front());
        raise_soon(io, {signals.begin() + 1, signals.end()});
    });
}

// Looks every few milliseconds until `condition` holds, then acts.
void when(asio::io_context& io, std::function<bool()> condition, std::function<void()> act)
{
    auto timer = std::make_shared<asio::steady_timer>(io, 5ms);
    timer->async_wait([&io, timer, condition = std::move(condition), act = std::move(act)](const asio::error_code&) {
        if (condition())
            act();
        else
            when(io, condition, act);
    });
}

bool holds(const Lines& lines, std::string_view line)
{
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

// What systemd would hear.
class FakeSystemd {
public:
    FakeSystemd()
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        const auto name = unix_sockaddr(folder_ / "notify");
        REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
        ::setenv("NOTIFY_SOCKET", (folder_ / "notify").c_str(), 1);
    }
    ~FakeSystemd()
    {
        for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
            ::unsetenv(name);
    }

    Lines heard()
    {
        Lines lines;
        char buffer[1024];
        for (ssize_t size; (size = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
            lines.emplace_back(buffer, static_cast<std::size_t>(size));
        return lines;
    }

private:
    ScratchFolder folder_;
    FileDescriptor socket_;
};

} // namespace

TEST_CASE("SIGTERM and SIGINT drain, and the service ends when that is done")
{
    for (const int signal : {SIGTERM, SIGINT}) {
        asio::io_context io;
        FakeLog log;
        std::thread finisher;
        Service service(io, log, {.drain = [&](auto done) {
                            finisher = std::thread([done] {
                                std::this_thread::sleep_for(20ms);
                                done();
                            });
                        }});
        raise_soon(io, {signal});
        CHECK(service.run() == 0);
        finisher.join();
        CHECK(log.lines == Lines{"service state=ready",
                                 std::string("service state=draining reason=") + (signal == SIGTERM ? "SIGTERM" : "SIGINT"),
                                 "service state=stopped"});
    }
}

TEST_CASE("without anything to drain it ends at once")
{
    asio::io_context io;
    FakeLog log;
    Service service(io, log, {});
    raise_soon(io, {SIGTERM});
    CHECK(service.run() == 0);
}

TEST_CASE("a drain that hangs is cut short by its limit")
{
    asio::io_context io;
    FakeLog log;
    std::function<void()> never;
    Service service(io, log, {.drain = [&](auto done) { never = done; }});
    raise_soon(io, {SIGTERM});
    CHECK(service.run(50ms) == 1);
    CHECK(holds(log.lines, "service state=cut short reason=drain limit reached"));
    never(); // too late: no harm
}

TEST_CASE("a second signal ends a drain at once")
{
    asio::io_context io;
    FakeLog log;
    Service service(io, log, {.drain = [](auto) {}});
    raise_soon(io, {SIGTERM, SIGTERM});
    const auto begin = Time::now();
    CHECK(service.run() == 1);
    CHECK(Time::now() - begin < 10s);
    CHECK(holds(log.lines, "service state=cut short reason=SIGTERM again"));
}

TEST_CASE("SIGHUP and SIGUSR1 reload; a fault or an exception keeps it running")
{
    asio::io_context io;
    FakeLog log;
    int reloads = 0;
    Service service(io, log, {.reload = [&]() -> Result<> {
                        switch (++reloads) {
                        case 1: return {};
                        case 2: return fail("postern.toml:3: no such setting\nlist:1: no address");
                        default: throw std::runtime_error("out of luck");
                        }
                    }});
    raise_soon(io, {SIGHUP, SIGUSR1, SIGHUP, SIGTERM});
    CHECK(service.run() == 0);
    CHECK(reloads == 3);
    CHECK(holds(log.lines, "reload result=ok"));
    CHECK(holds(log.lines, "reload result=refused error=postern.toml:3: no such setting; list:1: no address"));
    CHECK(holds(log.lines, "reload result=refused error=out of luck"));
}

TEST_CASE("while it drains it does not reload")
{
    asio::io_context io;
    FakeLog log;
    int reloads = 0;
    asio::steady_timer pause(io);
    Service service(io, log, {.reload = [&]() -> Result<> { return ++reloads, Result<>(); },
                              .drain = [&](auto done) {
                                  ::raise(SIGHUP);
                                  pause.expires_after(50ms);
                                  pause.async_wait([done](const asio::error_code&) { done(); });
                              }});
    raise_soon(io, {SIGTERM});
    CHECK(service.run() == 0);
    CHECK(reloads == 0);
}

TEST_CASE("SIGPIPE does not kill")
{
    asio::io_context io;
    FakeLog log;
    Service service(io, log, {});
    raise_soon(io, {SIGPIPE, SIGTERM});
    CHECK(service.run() == 0);
}

TEST_CASE("systemd hears of each state")
{
    FakeSystemd systemd;
    asio::io_context io;
    FakeLog log;
    int reloads = 0;
    Service service(io, log, {.reload = [&]() -> Result<> {
                        if (++reloads == 1)
                            return {};
                        return fail("line\nfeed");
                    }});
    raise_soon(io, {SIGHUP, SIGHUP, SIGTERM});
    CHECK(service.run() == 0);

    const auto heard = systemd.heard();
    REQUIRE(heard.size() == 6);
    CHECK(heard[0] == "READY=1\nSTATUS=ready");
    CHECK(heard[1].starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(std::stoull(heard[1].substr(heard[1].rfind('=') + 1)) > 0);
    CHECK(heard[2] == "READY=1\nSTATUS=ready");
    CHECK(heard[4] == "READY=1\nSTATUS=ready; reload refused: line; feed");
    CHECK(heard[5] == "STOPPING=1\nSTATUS=draining");
}

TEST_CASE("the watchdog is fed in half of its time, while it drains too")
{
    constexpr auto interval = 20ms;
    FakeSystemd systemd;
    ::setenv("WATCHDOG_USEC", "40000", 1);
    asio::io_context io;
    FakeLog log;
    std::ptrdiff_t feeds = 0;
    const auto fed = [&](std::ptrdiff_t times) {
        const auto heard = systemd.heard();
        feeds += std::count(heard.begin(), heard.end(), "WATCHDOG=1");
        return feeds >= times;
    };
    Service service(io, log, {.drain = [&](auto done) { when(io, [&] { return fed(8); }, done); }});
    when(io, [&] { return fed(4); }, [] { ::raise(SIGTERM); });
    const auto begin = Time::now();
    CHECK(service.run() == 0);
    CHECK(feeds >= 8);
    CHECK(Time::now() - begin >= interval * (feeds - 1)); // and no oftener
    CHECK(Time::now() - begin < 10s);
}

TEST_CASE("the control socket: ping and reload are the service's own, the rest the daemon's")
{
    const ScratchFolder folder;
    asio::io_context io;
    FakeLog log;
    int reloads = 0;
    Service service(io, log, {.reload = [&]() -> Result<> {
                                  if (++reloads == 1)
                                      return {};
                                  return fail("not twice");
                              },
                              .command = [](std::string command, std::string arguments) -> asio::awaitable<Result<std::string>> {
                                  if (command == "explain")
                                      co_return arguments;
                                  co_return fail("no such command: {}", command);
                              }});
    REQUIRE(service.open_control({.address = {folder / "control", "", 0}}));
    std::thread client([&] {
        const auto ask = [&](std::string_view command) { return ask_control(folder / "control", command); };
        CHECK(ask("ping") == "");
        CHECK(ask("reload") == "");
        CHECK(ask("reload").error().what == "not twice");
        CHECK(ask("explain client=192.0.2.1 sender=<>") == "client=192.0.2.1 sender=<>");
        CHECK(ask("nonsense").error().what == "no such command: nonsense");
        ::kill(::getpid(), SIGTERM);
    });
    CHECK(service.run() == 0);
    client.join();
    CHECK(reloads == 2);
    CHECK(holds(log.lines, "reload result=refused error=not twice"));

    Service another(io, log, {});
    const auto opened = another.open_control({.address = {folder / "none/of/these", "", 0}});
    CHECK(opened.error().what.starts_with("cannot make the directory "));
}

TEST_CASE("a daemon without commands of its own says so")
{
    const ScratchFolder folder;
    asio::io_context io;
    FakeLog log;
    Service service(io, log, {});
    REQUIRE(service.open_control({.address = {folder / "control", "", 0}}));
    std::thread client([&] {
        CHECK(ask_control(folder / "control", "status").error().what == "no such command: status");
        ::kill(::getpid(), SIGTERM);
    });
    CHECK(service.run() == 0);
    client.join();
}

} // namespace postern
