#include "policyd/startup.h"

#include "common/listen_socket.h"
#include "common/metrics_server.h"
#include "common/privileges.h"
#include "common/process_facts.h"
#include "common/queued_log.h"
#include "common/service.h"
#include "config/daemon.h"
#include "config/log_options.h"
#include "config/redis_options.h"
#include "config/settings.h"
#include "policyd/dnsbl_tables.h"
#include "policyd/dnsbl_warnings.h"
#include "policyd/greylist_check.h"
#include "policyd/greylist_redis_records.h"
#include "policyd/policyd.h"
#include "policyd/recipients.h"

#include <asio/io_context.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <unistd.h>

namespace postern {
namespace {

constexpr auto program = "postern-policyd";
constexpr std::size_t other_descriptors = 256; // beside connections: log, control, DNS, store

// What the configuration cannot know of the host.
std::vector<std::string> host_warnings(const Config& config)
{
    auto warnings = dnsbl_warnings(config, read_text_file("/etc/resolv.conf").value_or(""));
    for (auto& warning : Recipients::warnings(config, read_text_file))
        warnings.push_back(std::move(warning));
    return warnings;
}

// Whether the store that others run can be used now.
std::vector<std::string> store_warnings(const Config& config)
{
    if (!config.greylist.enable || config.greylist.store != "redis")
        return {};
    const SystemClock clock;
    const auto records = GreylistRedisRecords::open(
        {redis_options(config.redis), config.redis.key_prefix, greylist_policy(config.greylist)}, clock);
    if (records)
        return {};
    return {fmt::format("redis: {}; mail passes until it can be used", records.error().what)};
}

// The daemon and what it answers to.
class RunningPolicyd {
public:
    RunningPolicyd(std::string config_path, QueuedLog& log)
        : config_path_(std::move(config_path))
        , log_(log)
        , policyd_(io_, log)
    {
    }

    Result<int> run(const LoadedConfig& loaded)
    {
        const auto& settings = loaded.config.policyd;
        Service service(io_, log_,
                        {.reload = [this] { return reload(); },
                         .drain = [this](auto done) { policyd_.drain(std::move(done)); },
                         .command = [this](std::string command, std::string arguments) {
                             return answer(std::move(command), std::move(arguments));
                         }});

        auto listener = open_listener(settings, "policy");
        if (!listener)
            return tl::unexpected(listener.error());
        if (const auto control = open_control(service, settings, "policyd-control"); !control)
            return tl::unexpected(control.error());
        socket_.emplace(*parse_socket_address(settings.listen)); // the table has checked it
        auto metrics_listener = open_metrics(settings, "policyd-metrics");
        if (!metrics_listener)
            return tl::unexpected(metrics_listener.error());
        raise_descriptor_limit(static_cast<std::size_t>(settings.max_connections) + other_descriptors,
                               "policyd.max_connections", log_);
        if (const auto dropped = drop_privileges(settings.user, settings.group); !dropped)
            return tl::unexpected(dropped.error());
        if (const auto started = log_.start(); !started)
            return tl::unexpected(started.error());

        log_warnings(log_, loaded.warnings);
        log_warnings(log_, host_warnings(loaded.config));
        if (const auto configured = policyd_.configure(loaded.config); !configured)
            return tl::unexpected(configured.error());
        running_ = loaded.config;
        policyd_.serve(std::move(*listener));
        if (*metrics_listener) {
            auto metrics = MetricsServer::start(io_, std::move(*metrics_listener), [this] { return facts(); });
            if (!metrics)
                return tl::unexpected(metrics.error());
            metrics_ = std::move(*metrics);
        }
        return service.run();
    }

private:
    Result<> reload()
    {
        const auto loaded = load_config(config_path_, environment_of(::environ));
        if (!loaded)
            return fail("{}", joined(loaded.error()));
        if (const auto configured = policyd_.configure(loaded->config); !configured)
            return configured;
        log_.set_level(log_level(loaded->config.log.level));
        log_.reopen();
        log_warnings(log_, loaded->warnings);
        log_warnings(log_, host_warnings(loaded->config));
        for (const auto& setting : need_restart(running_, loaded->config, Daemon::policyd))
            log_.warning("configuration", {{"problem", setting + ": takes effect at the next start"}});
        return {};
    }

    Facts facts() const
    {
        Facts facts;
        process_.add(facts, log_.lost());
        if (const auto trouble = socket_ ? socket_->trouble() : ""; !trouble.empty())
            facts.function({"listen", FunctionState::Kind::down, trouble, "Postfix does as default_action says"});
        policyd_.add_facts(facts);
        return facts;
    }

    asio::awaitable<Result<std::string>> answer(std::string command, std::string arguments)
    {
        if (command == "explain") {
            auto request = parse_explain_request(arguments);
            if (!request)
                co_return tl::unexpected(request.error());
            co_return co_await policyd_.explain(std::move(*request));
        }
        if (command == "status")
            co_return write_status(facts());
        if (command == "greylist" && arguments == "reread") {
            policyd_.reread_greylist();
            co_return "";
        }
        co_return fail("no such command: {}", command);
    }

    std::string config_path_;
    QueuedLog& log_;
    Config running_; // as it was at the start: what needs a restart is still so
    std::optional<SocketFile> socket_; // that Postfix comes by
    asio::io_context io_{1};
    Policyd policyd_;
    ProcessFacts process_{program, POSTERN_VERSION};
    std::unique_ptr<MetricsServer> metrics_;
};

} // namespace

int run_policyd(const std::string& config_path)
{
    const auto loaded = load_config(config_path, environment_of(::environ));
    if (!loaded) {
        print(loaded.error(), stderr);
        return 1;
    }
    QueuedLog log(log_options(program, loaded->config.log));
    RunningPolicyd daemon(config_path, log);
    const auto status = daemon.run(*loaded);
    if (!status) {
        log.error("start", {{"error", status.error().what}});
        return 1;
    }
    return *status;
}

int check_policyd(const std::string& config_path)
{
    const auto loaded = load_config(config_path, environment_of(::environ));
    if (!loaded) {
        print(loaded.error(), stdout);
        return 1;
    }
    for (const auto& warning : loaded->warnings)
        fmt::print("{}\n", warning);
    for (const auto& warning : host_warnings(loaded->config))
        fmt::print("warning: {}\n", warning);

    for (const auto& warning : store_warnings(loaded->config))
        fmt::print("warning: {}\n", warning);

    asio::io_context io;
    QueuedLog log(log_options(program, loaded->config.log));
    if (const auto possible = Policyd(io, log).check(loaded->config); !possible) {
        fmt::print("{}\n", possible.error().what);
        return 1;
    }
    return 0;
}

} // namespace postern
