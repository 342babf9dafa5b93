#include "milterd/build_chain.h"

#include "common/data_set.h"
#include "common/host_name.h"
#include "common/mail_address.h"
#include "common/read_file.h"
#include "common/text.h"
#include "milterd/auth_results_filter.h"
#include "milterd/clamav_filter.h"
#include "milterd/dkim_sign_filter.h"
#include "milterd/dkim_verify_filter.h"
#include "milterd/dmarc_filter.h"
#include "milterd/header_filter.h"
#include "milterd/iprev_filter.h"
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

FilterAction filter_action(MailAction action)
{
    switch (action) {
    case MailAction::accept:
        return FilterAction::accept;
    case MailAction::quarantine:
        return FilterAction::quarantine;
    case MailAction::defer:
        return FilterAction::defer;
    case MailAction::discard:
        return FilterAction::discard;
    case MailAction::reject:
        return FilterAction::reject;
    }
    return FilterAction::accept; // unreachable: -Wswitch names an action without a case
}

FilterAction filter_action(DkimProblemAction action, MailAction by_default)
{
    switch (action) {
    case DkimProblemAction::by_default:
        return filter_action(by_default);
    case DkimProblemAction::accept:
        return FilterAction::accept;
    case DkimProblemAction::quarantine:
        return FilterAction::quarantine;
    case DkimProblemAction::defer:
        return FilterAction::defer;
    case DkimProblemAction::discard:
        return FilterAction::discard;
    case DkimProblemAction::reject:
        return FilterAction::reject;
    }
    return FilterAction::accept; // unreachable
}

DkimActions dkim_actions(const DkimVerifySettings& settings)
{
    const auto action = [&](DkimProblemAction wanted) { return filter_action(wanted, settings.default_action); };
    DkimActions actions;
    actions.bad_signature = action(settings.bad_signature);
    actions.signature_error = action(settings.signature_error);
    actions.key_not_found = action(settings.key_not_found);
    actions.security = action(settings.security);
    actions.no_signature = action(settings.no_signature);
    actions.dns_error = action(settings.dns_error);
    actions.internal_error = action(settings.internal_error);
    return actions;
}

Result<std::unique_ptr<DkimVerifyFilter>> dkim_verify_filter(const DkimVerifySettings& settings,
                                                             const ChainParts& parts)
{
    DkimVerifyOptions options;
    options.max_signatures = static_cast<std::size_t>(settings.max_signatures);
    options.minimum_key_bits = static_cast<int>(settings.minimum_key_bits);
    options.clock_drift = settings.clock_drift;
    options.minimum_signed_body = static_cast<int>(settings.minimum_signed_body);
    for (const auto& name : settings.must_be_signed)
        options.must_be_signed.push_back(to_lower(name));
    options.actions = dkim_actions(settings);
    return DkimVerifyFilter::create(options, parts.dns.resolver(), parts.dns.io().get_executor(), parts.clock);
}

std::unique_ptr<Filter> dmarc_filter(const Config& config, ResolverThread& dns)
{
    DmarcOptions options;
    options.actions.reject = filter_action(config.dmarc.reject);
    options.actions.quarantine = filter_action(config.dmarc.quarantine);
    options.actions.bad_from = filter_action(config.dmarc.bad_from);
    options.actions.temperror = filter_action(config.dmarc.temperror);
    options.deadline = config.dmarc.deadline;
    options.max_signatures = static_cast<std::size_t>(config.dkim_verify.max_signatures);
    return std::make_unique<DmarcFilter>(options, dns.resolver(), dns.io().get_executor());
}

AuthResultsOptions::Remove removal(RemoveAuthResults remove)
{
    switch (remove) {
    case RemoveAuthResults::ours:
        return AuthResultsOptions::Remove::ours;
    case RemoveAuthResults::all:
        return AuthResultsOptions::Remove::all;
    case RemoveAuthResults::none:
        return AuthResultsOptions::Remove::none;
    }
    return AuthResultsOptions::Remove::ours; // unreachable
}

Result<std::unique_ptr<Filter>> auth_results_filter(const Config& config)
{
    auto ids = DomainList::parse(config.auth_results.remove_ids);
    if (!ids)
        return fail("auth_results.remove_ids: {}", ids.error().what);
    AuthResultsOptions options;
    options.authserv_id = authserv_id(config);
    options.remove = removal(config.auth_results.remove);
    options.remove_ids = std::move(*ids);
    options.keep_from_relays = config.auth_results.keep_from_relays;
    options.has_queue_id = config.auth_results.queue_id;
    options.has_header_b = config.auth_results.header_b;
    options.tells_login = config.auth_results.login;
    return std::make_unique<AuthResultsFilter>(std::move(options));
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
    if (judges)
        filters.push_back({std::make_unique<HeaderFilter>(filter_action(config.header.malformed)),
                           config.header.observe});
    if (config.spf.enable && judges)
        filters.push_back({spf_filter(config, parts.dns), config.spf.observe});
    if (config.iprev.enable && judges)
        filters.push_back({std::make_unique<IprevFilter>(config.iprev.deadline, parts.dns.resolver(),
                                                         parts.dns.io().get_executor()),
                           config.iprev.observe});
    if (config.dkim.verify && judges) {
        auto filter = dkim_verify_filter(config.dkim_verify, parts);
        if (!filter)
            return tl::unexpected(filter.error());
        filters.push_back({std::move(*filter), config.dkim_verify.observe});
    }
    if (judges && config.dmarc.enable && config.spf.enable && config.dkim.verify)
        filters.push_back({dmarc_filter(config, parts.dns), config.dmarc.observe});
    auto auth_results = auth_results_filter(config);
    if (!auth_results)
        return tl::unexpected(auth_results.error());
    filters.push_back({std::move(*auth_results), config.auth_results.observe});
    if (config.dkim.sign && !parts.signers.empty() && signs) {
        auto filter = DkimSignFilter::create(config.dkim, parts.signers, parts.clock, authserv_id(config));
        if (!filter)
            return tl::unexpected(filter.error());
        filters.push_back({std::move(*filter)});
    }

    return std::make_shared<const FilterChain>(
        std::move(filters), ChainSettings{config.milterd.deadline, std::move(*origins), parts.counts, parts.watch},
        parts.log);
}

} // namespace postern
