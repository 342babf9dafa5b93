#include "common/service.h"

#include "common/text.h"

#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <csignal>
#include <exception>
#include <optional>
#include <string>
#include <systemd/sd-daemon.h>

namespace postern {
namespace {

// To systemd; nothing happens where it is not.
void notify(const std::string& state)
{
    sd_notify(0, state.c_str());
}

std::string status_line(std::string_view text)
{
    return "STATUS=" + printable(text);
}

// Several faults stand each on a line of their own; a log record, an answer and systemd have one.
std::string in_one_line(std::string text)
{
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at))
        text.replace(at, 1, "; ");
    return text;
}

std::uint64_t monotonic_microseconds() // CLOCK_MONOTONIC, as systemd compares it
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

} // namespace

struct Service::Impl : std::enable_shared_from_this<Impl> {
    enum class State { starting, ready, draining };

    Impl(asio::io_context& i, Log& l, ServiceHooks h)
        : io(i)
        , log(l)
        , hooks(std::move(h))
        , signals(io)
        , watchdog(io)
        , drain_end(io)
    {
    }

    void wait_for_signal();
    void feed_watchdog(std::chrono::microseconds interval);
    Result<> reload();
    void drain(std::string_view why);
    void end(int status);
    asio::awaitable<Result<std::string>> command(std::string name, std::string arguments);

    asio::io_context& io;
    Log& log;
    ServiceHooks hooks;
    asio::signal_set signals;
    asio::steady_timer watchdog;
    asio::steady_timer drain_end;
    std::optional<ControlServer> control;
    std::chrono::milliseconds drain_limit{};
    State state = State::starting;
    int exit_status = 0;
};

void Service::Impl::wait_for_signal()
{
    signals.async_wait([this](const asio::error_code& error, int signal) {
        if (error)
            return;
        if (signal == SIGHUP || signal == SIGUSR1)
            (void)reload(); // it has logged how that went
        else
            drain(signal == SIGTERM ? "SIGTERM" : "SIGINT");
        wait_for_signal();
    });
}

void Service::Impl::feed_watchdog(std::chrono::microseconds interval)
{
    notify("WATCHDOG=1");
    watchdog.expires_after(interval);
    watchdog.async_wait([this, interval](const asio::error_code& error) {
        if (!error)
            feed_watchdog(interval);
    });
}

Result<> Service::Impl::reload()
{
    if (state == State::draining)
        return fail("the daemon is stopping");
    notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
    Result<> result;
    try {
        if (hooks.reload)
            result = hooks.reload();
    } catch (const std::exception& error) { // a reload never ends what is running
        result = fail("{}", error.what());
    }
    if (!result)
        result = fail("{}", in_one_line(result.error().what));
    if (result)
        log.info("reload", {{"result", "ok"}});
    else
        log.error("reload", {{"result", "refused"}, {"error", result.error().what}});
    notify("READY=1\n" + status_line(result ? "ready" : "ready; reload refused: " + result.error().what));
    return result;
}

void Service::Impl::drain(std::string_view why)
{
    if (state == State::draining) {
        log.warning("service", {{"state", "cut short"}, {"reason", fmt::format("{} again", why)}});
        return end(1);
    }
    state = State::draining;
    notify("STOPPING=1\n" + status_line("draining"));
    log.info("service", {{"state", "draining"}, {"reason", why}});

    drain_end.expires_after(drain_limit);
    drain_end.async_wait([this](const asio::error_code& error) {
        if (error)
            return;
        log.warning("service", {{"state", "cut short"}, {"reason", "drain limit reached"}});
        end(1);
    });
    const auto done = [weak = weak_from_this()] {
        if (const auto self = weak.lock())
            asio::post(self->io, [weak] {
                if (const auto live = weak.lock())
                    live->end(0);
            });
    };
    if (hooks.drain)
        hooks.drain(done);
    else
        done();
}

void Service::Impl::end(int status)
{
    if (io.stopped())
        return;
    exit_status = status;
    io.stop();
}

asio::awaitable<Result<std::string>> Service::Impl::command(std::string name, std::string arguments)
{
    if (name == "ping")
        co_return std::string();
    if (name == "reload") {
        const auto result = reload();
        if (!result)
            co_return tl::unexpected(result.error());
        co_return std::string();
    }
    if (!hooks.command)
        co_return fail("no such command: {}", name);
    co_return co_await hooks.command(std::move(name), std::move(arguments));
}

Service::Service(asio::io_context& io, Log& log, ServiceHooks hooks)
    : impl_(std::make_shared<Impl>(io, log, std::move(hooks)))
{
    std::signal(SIGPIPE, SIG_IGN); // a peer that went away is an error of write(2)
}

Service::~Service() = default;

Result<> Service::open_control(const ListenOptions& options)
{
    auto listener = open_listen_socket(options);
    if (!listener)
        return tl::unexpected(listener.error());
    impl_->control.emplace(impl_->io, std::move(*listener), [impl = impl_.get()](std::string name, std::string arguments) {
        return impl->command(std::move(name), std::move(arguments));
    });
    return {};
}

int Service::run(std::chrono::milliseconds drain_limit)
{
    impl_->drain_limit = drain_limit;
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1})
        impl_->signals.add(signal);
    impl_->wait_for_signal();

    std::uint64_t watchdog_limit = 0;
    if (sd_watchdog_enabled(0, &watchdog_limit) > 0)
        impl_->feed_watchdog(std::chrono::microseconds(watchdog_limit / 2));
    impl_->state = Impl::State::ready;
    impl_->log.info("service", {{"state", "ready"}});
    notify("READY=1\n" + status_line("ready"));

    impl_->io.run();

    impl_->log.info("service", {{"state", "stopped"}});
    return impl_->exit_status;
}

} // namespace postern
