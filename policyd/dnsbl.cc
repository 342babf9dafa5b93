#include "policyd/dnsbl.h"

#include <fmt/format.h>

namespace postern {
namespace {

DnsblScores::Options scores_options(const DnsblSettings& settings)
{
    DnsblScores::Options options;
    options.timeout = settings.timeout;
    options.min_ttl = settings.min_ttl;
    options.max_ttl = settings.max_ttl;
    options.capacity = static_cast<std::size_t>(settings.cache_size);
    return options;
}

DnsblHealth::OnChange tell(Log& log)
{
    return [&log](const DnsblList& list, const DnsblHealth::Entry& entry) {
        const bool is_down = entry.state == DnsblHealth::State::down;
        LogFields fields{{"list", list.public_name},
                         {"type", dnsbl_type_name(list.type)},
                         {"state", dnsbl_state_name(entry)}};
        if (const auto& reason = is_down ? entry.reason : entry.error; !reason.empty())
            fields.emplace_back("reason", reason);
        if (entry.is_ipv6_down)
            fields.emplace_back("ipv6", "down");
        if (is_down || !entry.error.empty() || entry.is_ipv6_down)
            log.error("dnsbl_list", std::move(fields));
        else
            log.info("dnsbl_list", std::move(fields));
    };
}

} // namespace

Dnsbl::Dnsbl(asio::io_context& io, Source source, Log& log, const Dnsbl* before)
    : io_(io)
    , source_(std::move(source))
    , lists_(make_dnsbl_lists(source_.settings, source_.tables))
    , health_(lists_, tell(log), before ? &before->health_ : nullptr)
    , scores_(io, *source_.resolver, health_, scores_options(source_.settings))
{
}

void Dnsbl::start()
{
    if (self_test_)
        return;
    DnsblSelfTest::Options options;
    options.interval = source_.settings.self_test_interval;
    self_test_.emplace(io_, *source_.resolver, health_, options);
}

std::string Dnsbl::status() const
{
    const auto stats = scores_.stats();
    return fmt::format("dnsbl_scores hits={} misses={} joined={} refused={} under_way={} entries={}\n", stats.hits,
                       stats.misses, stats.joined, stats.refused, stats.under_way, stats.entries)
        + health_.status();
}

} // namespace postern
