#include "policyd/policyd.h"

#include "common/dns/make_resolver.h"
#include "common/host_name.h"
#include "common/spf/check_host.h"
#include "config/resolver_options.h"
#include "policyd/spf_check.h"
#include "policyd/trusted_clients.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {

// What the checks stand on, each shared with the checks that were built on it.
struct Policyd::Parts {
    Config config;
    ResolverOptions resolver_options;
    std::shared_ptr<CachedResolver> resolver;
    std::shared_ptr<const TrustedClients> trusted;

    ChainedCheck spf_check() const;
    std::vector<ChainedCheck> checks() const;
};

namespace {

ServerOptions server_options(const PolicydSettings& settings)
{
    ServerOptions options;
    options.max_connections = static_cast<std::size_t>(settings.max_connections);
    options.limits.arrival = settings.deadline;
    options.limits.deadline = settings.deadline;
    return options;
}

std::string by_action(const std::array<std::uint64_t, action_count>& counts)
{
    std::string text;
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts[i] > 0)
            text += fmt::format(" {}={}", action_name(static_cast<Action>(i)), counts[i]);
    return text;
}

} // namespace

ChainedCheck Policyd::Parts::spf_check() const
{
    auto settings = config.spf;
    if (settings.receiver.empty())
        settings.receiver = host_name();
    const SpfLimits limits{static_cast<int>(settings.void_lookups)};
    auto ask = [resolver = resolver, limits](SpfQuery query, Deadline deadline) {
        return check_host(*resolver, std::move(query), limits, deadline);
    };
    return {std::make_unique<SpfCheck>(std::move(ask), settings, trusted), settings.observe};
}

std::vector<ChainedCheck> Policyd::Parts::checks() const
{
    std::vector<ChainedCheck> checks;
    for (const auto& name : config.policyd.checks)
        if (name == "spf" && config.spf.enable)
            checks.push_back(spf_check());
    return checks;
}

Policyd::Policyd(asio::io_context& io, Log& log)
    : io_(io)
    , log_(log)
    , started_(std::chrono::steady_clock::now())
{
}

Policyd::~Policyd() = default;

Result<> Policyd::configure(const Config& config)
{
    auto parts = std::make_unique<Parts>();
    parts->config = config;

    const auto trusted = TrustedClients::parse(config.trust);
    if (!trusted)
        return tl::unexpected(trusted.error());
    parts->trusted = std::make_shared<const TrustedClients>(*trusted);

    parts->resolver_options = resolver_options(config.dns);
    if (parts_ && parts_->resolver_options == parts->resolver_options) {
        parts->resolver = parts_->resolver; // with all that it remembers
    } else {
        auto resolver = make_resolver(io_, parts->resolver_options);
        if (!resolver)
            return tl::unexpected(resolver.error());
        parts->resolver = std::move(*resolver);
    }

    current_.policy = std::make_shared<Policy>(parts->checks(), messages_, counts_, log_);
    parts_ = std::move(parts);
    if (server_)
        server_->set_options(server_options(config.policyd));
    return {};
}

void Policyd::serve(FileDescriptor listener)
{
    server_ = std::make_unique<Server>(io_, std::move(listener), server_options(parts_->config.policyd), current_, log_);
}

void Policyd::drain(std::function<void()> done)
{
    if (server_)
        server_->drain(std::move(done));
    else
        done();
}

std::string Policyd::status() const
{
    const auto uptime = std::chrono::steady_clock::now() - started_;
    std::string text = fmt::format("uptime {}\n", std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
    if (server_) {
        const auto server = server_->counts();
        text += fmt::format("connections open={} accepted={} displaced={}\n", server.connections, server.accepted,
                            server.displaced);
    }
    text += fmt::format("requests {}\n", counts_.requests);
    text += fmt::format("answers{} headers={}\n", by_action(counts_.answers), counts_.headers);
    for (const auto& [name, check] : counts_.checks) {
        std::uint64_t asked = 0;
        for (const auto count : check.verdicts)
            asked += count;
        const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(check.time).count();
        text += fmt::format("check {}{} observed={} mean_us={}\n", name, by_action(check.verdicts), check.observed,
                            microseconds / static_cast<std::int64_t>(std::max<std::uint64_t>(asked, 1)));
    }
    text += fmt::format("messages {}\n", messages_.size());
    const auto dns = parts_->resolver->stats();
    text += fmt::format("dns hits={} misses={} joined={} refused={} in_flight={} entries={} octets={}\n", dns.hits,
                        dns.misses, dns.joined, dns.refused, dns.in_flight, dns.entries, dns.octets);
    return text;
}

} // namespace postern
