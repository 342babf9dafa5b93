#include "policyd/dnsbl.h"

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
        if (list.number > 1)
            fields.emplace_back("number", list.number);
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

void Dnsbl::add_facts(Facts& facts) const
{
    const auto stats = scores_.stats();
    facts.line("dnsbl_scores")
        .counter("hits", stats.hits, "Scores from memory.")
        .counter("misses", stats.misses, "Clients and names that lists were asked about.")
        .counter("joined", stats.joined, "Requests that waited for what was asked already.")
        .counter("refused", stats.refused, "Clients and names not asked about, for too many were under way.")
        .gauge("under_way", stats.under_way, "Clients and names that lists are asked about now.")
        .gauge("entries", stats.entries, "Scores in memory.");
    health_.add_facts(facts);
}

} // namespace postern
