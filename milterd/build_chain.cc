#include "milterd/build_chain.h"

#include "common/data_set.h"
#include "common/host_name.h"
#include "common/mail_address.h"
#include "common/read_file.h"
#include "milterd/auth_results_filter.h"
#include "milterd/clamav_filter.h"
#include "milterd/dkim_sign_filter.h"
#include "milterd/dkim_verify_filter.h"
#include "milterd/spf_filter.h"

#include <utility>
#include <vector>

namespace postern {
namespace {

Result<OriginRules> origin_rules(const Config& config)
{
    const ReadText read = [](const std::string& path) { return read_file(path, data_file_limit); };
    std::vector<Error> faults;
    OriginRules rules;
    rules.networks = NetworkList::load(config.trust.networks, "trust.networks", read, faults);
    rules.relays = NetworkList::load(config.trust.relays, "trust.relays", read, faults);
    rules.ignored = NetworkList::load(config.milterd.ignored_clients, "milterd.ignored_clients", read, faults);
    if (!faults.empty())
        return tl::unexpected(one_error(faults));
    rules.daemon_names = config.dkim.daemon_names;
    rules.returning_daemon_names = config.milterd.returning_daemon_names;
    for (const auto& text : config.dkim.our_macros)
        rules.macros.push_back(parse_macro_rule(text));
    rules.takes_all = config.milterd.role == "submission" && config.milterd.submission_clients == "all";
    return rules;
}

std::string authserv_id(const Config& config)
{
    const auto& id = config.milterd.authserv_id;
    return id.empty() ? host_name() : to_a_labels(id).value_or(id);
}

std::unique_ptr<Filter> spf_filter(const Config& config, ResolverThread& dns)
{
    const SpfLimits limits{static_cast<int>(config.spf.void_lookups)};
    auto ask = [&dns, limits](SpfQuery query, Deadline deadline) {
        return check_host(dns.resolver(), std::move(query), limits, deadline);
    };
    const auto& receiver = config.spf.receiver;
    return std::make_unique<SpfFilter>(
        dns.io(), std::move(ask), SpfFilterOptions{config.spf.deadline, receiver.empty() ? host_name() : receiver});
}

Result<std::unique_ptr<ClamavFilter>> clamav_filter(const Config& config, const ChainParts& parts)
{
    auto spool = parts.spool;
    if (!spool)
        spool = std::make_shared<SpoolBudget>(spool_limits(config.milterd));
    return ClamavFilter::create(config.clamav, {static_cast<std::size_t>(config.milterd.max_connections),
                                                std::move(spool), parts.clamds, look_up_with(parts.dns), &parts.log});
}

Result<std::unique_ptr<DkimVerifyFilter>> dkim_verify_filter(const DkimSettings& settings, const ChainParts& parts)
{
    DkimVerifyOptions options;
    options.max_signatures = static_cast<std::size_t>(settings.max_signatures);
    options.minimum_key_bits = static_cast<int>(settings.minimum_key_bits);
    options.clock_drift = settings.clock_drift;
    return DkimVerifyFilter::create(options, parts.dns.resolver(), parts.dns.io().get_executor(), parts.clock);
}

} // namespace

SpoolLimits spool_limits(const MilterdSettings& settings)
{
    return {static_cast<std::size_t>(settings.max_spooled), static_cast<std::size_t>(settings.max_spooled_messages)};
}

Result<std::shared_ptr<const FilterChain>> build_chain(const Config& config, const ChainParts& parts)
{
    auto origins = origin_rules(config);
    if (!origins)
        return tl::unexpected(origins.error());

    const bool judges = config.milterd.role != "submission", signs = config.milterd.role != "inbound";
    std::vector<ChainedFilter> filters;
    if (config.clamav.enable) {
        auto filter = clamav_filter(config, parts);
        if (!filter)
            return tl::unexpected(filter.error());
        filters.push_back({std::move(*filter), config.clamav.observe});
    }
    if (config.spf.enable && judges)
        filters.push_back({spf_filter(config, parts.dns)});
    if (config.dkim.verify && judges) {
        auto filter = dkim_verify_filter(config.dkim, parts);
        if (!filter)
            return tl::unexpected(filter.error());
        filters.push_back({std::move(*filter)});
    }
    filters.push_back({std::make_unique<AuthResultsFilter>(authserv_id(config))});
    if (config.dkim.sign && !parts.signers.empty() && signs) {
        auto filter = DkimSignFilter::create(config.dkim, parts.signers, parts.clock, authserv_id(config));
        if (!filter)
            return tl::unexpected(filter.error());
        filters.push_back({std::move(*filter)});
    }

    return std::make_shared<const FilterChain>(
        std::move(filters), ChainSettings{config.milterd.deadline, std::move(*origins), parts.counts}, parts.log);
}

} // namespace postern
