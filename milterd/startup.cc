#include "milterd/startup.h"

#include "common/listen_socket.h"
#include "common/metrics_server.h"
#include "common/privileges.h"
#include "common/process_facts.h"
#include "common/queued_log.h"
#include "common/service.h"
#include "config/daemon.h"
#include "config/log_options.h"
#include "config/settings.h"
#include "milterd/build_chain.h"
#include "milterd/clamav_filter.h"
#include "milterd/dkim_signers.h"
#include "milterd/milterd.h"

#include <asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>
#include <unistd.h>

namespace postern {
namespace {

constexpr auto program = "postern-milterd";
constexpr std::size_t descriptors_each = 3;     // of a connection: itself, the scanner's, the mail for the scanner
constexpr std::size_t other_descriptors = 256;  // log, control, DNS, libmilter's own

std::vector<std::string> warnings_of(const LoadedConfig& loaded)
{
    auto warnings = loaded.warnings;
    for (auto& warning : clamav_warnings(loaded.config.clamav))
        warnings.push_back(std::move(warning));
    return warnings;
}

// The daemon and what it answers to.
class RunningMilterd {
public:
    RunningMilterd(std::string config_path, std::string instance, QueuedLog& log)
        : config_path_(std::move(config_path))
        , instance_(std::move(instance))
        , log_(log)
    {
    }

    Result<int> run(const LoadedConfig& loaded)
    {
        const auto& settings = loaded.config.milterd;
        Service service(io_, log_,
                        {.reload = [this] { return reload(); },
                         .drain = [this](auto done) { milterd_->drain(std::move(done)); },
                         .command = [this](std::string command, std::string) { return answer(std::move(command)); }});

        auto listener = open_listener(settings, "milter");
        if (!listener)
            return tl::unexpected(listener.error());
        if (const auto control = open_control(service, settings, "milterd-control"); !control)
            return tl::unexpected(control.error());
        socket_.emplace(*parse_socket_address(settings.listen)); // the table has checked it
        auto metrics_listener = open_metrics(settings, "milterd-metrics");
        if (!metrics_listener)
            return tl::unexpected(metrics_listener.error());
        // Without descriptors libmilter would turn in circles.
        raise_descriptor_limit(static_cast<std::size_t>(settings.max_connections) * descriptors_each + other_descriptors,
                               "milterd.max_connections", log_);
        auto signers = load_dkim_signers(loaded.config); // while root: the daemon's user need not be able to
        if (!signers)
            return tl::unexpected(signers.error());
        if (const auto dropped = drop_privileges(settings.user, settings.group); !dropped)
            return tl::unexpected(dropped.error());
        if (const auto started = log_.start(); !started)
            return tl::unexpected(started.error());

        log_warnings(log_, warnings_of(loaded));
        milterd_.emplace(log_, std::move(*signers));
        if (const auto configured = milterd_->configure(loaded.config); !configured)
            return tl::unexpected(configured.error());
        running_ = loaded.config;
        milterd_->serve(std::move(*listener));
        if (*metrics_listener) {
            auto metrics = MetricsServer::start(io_, std::move(*metrics_listener), [this] { return facts(); });
            if (!metrics)
                return tl::unexpected(metrics.error());
            metrics_ = std::move(*metrics);
        }
        const int status = service.run();
        metrics_.reset();
        end_if_in_work(status);
        return milterd_->has_failed() ? 1 : status;
    }

private:
    Result<> reload()
    {
        const auto loaded = load_config(config_path_, environment_of(::environ), instance_);
        if (!loaded)
            return fail("{}", joined(loaded.error()));
        if (const auto configured = milterd_->configure(loaded->config); !configured)
            return configured;
        log_.set_level(log_level(loaded->config.log.level));
        log_.reopen();
        log_warnings(log_, warnings_of(*loaded));
        for (const auto& setting : need_restart(running_, loaded->config, Daemon::milterd))
            log_.warning("configuration", {{"problem", setting + ": takes effect at the next start"}});
        return {};
    }

    Facts facts()
    {
        Facts facts;
        process_.add(facts, log_.lost());
        if (const auto trouble = socket_ ? socket_->trouble() : ""; !trouble.empty())
            facts.function({"listen", FunctionState::Kind::down, trouble, "Postfix does as default_action says"});
        milterd_->add_facts(facts);
        return facts;
    }

    asio::awaitable<Result<std::string>> answer(std::string command)
    {
        if (command == "status")
            co_return write_status(facts());
        co_return fail("no such command: {}", command);
    }

    // A drain that was cut short leaves libmilter's threads in our filters: nothing may be taken from
    // under them, so the process ends here, as soon as the log has written what it has.
    void end_if_in_work(int status)
    {
        if (milterd_->close())
            return;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        std::_Exit(status);
    }

    std::string config_path_;
    std::string instance_;
    QueuedLog& log_;
    Config running_; // as it was at the start: what needs a restart is still so
    std::optional<SocketFile> socket_; // that Postfix comes by
    asio::io_context io_{1};
    ProcessFacts process_{program, POSTERN_VERSION};
    std::optional<Milterd> milterd_; // after the drop of privileges: it has threads
    std::unique_ptr<MetricsServer> metrics_;
};

} // namespace

int run_milterd(const std::string& config_path, const std::string& instance)
{
    const auto loaded = load_config(config_path, environment_of(::environ), instance);
    if (!loaded) {
        print(loaded.error(), stderr);
        return 1;
    }
    QueuedLog log(log_options(program, loaded->config.log));
    RunningMilterd daemon(config_path, instance, log);
    const auto status = daemon.run(*loaded);
    if (!status) {
        log.error("start", {{"error", status.error().what}});
        return 1;
    }
    return *status;
}

int check_milterd(const std::string& config_path, const std::string& instance)
{
    const auto loaded = load_config(config_path, environment_of(::environ), instance);
    if (!loaded) {
        print(loaded.error(), stdout);
        return 1;
    }
    for (const auto& warning : warnings_of(*loaded))
        fmt::print("{}\n", warning);

    const auto signers = load_dkim_signers(loaded->config);
    if (!signers) {
        print({signers.error()}, stdout);
        return 1;
    }
    for (const auto* const lines : {&signers->warnings(), &signers->table_faults(), &signers->key_faults()})
        for (const auto& line : *lines)
            fmt::print("{}\n", line);

    QueuedLog log(log_options(program, loaded->config.log));
    const SystemClock clock;
    ResolverThread dns;
    const auto chain = build_chain(loaded->config, {.dns = dns, .clock = clock, .log = log, .signers = *signers});
    if (!chain)
        print({chain.error()}, stdout);
    return chain && signers->table_faults().empty() && signers->key_faults().empty() ? 0 : 1;
}

} // namespace postern
