#include "milterd/build_chain.h"

#include "common/host_name.h"
#include "common/mail_address.h"
#include "milterd/auth_results_filter.h"

#include <utility>
#include <vector>

namespace postern {
namespace {

Result<OriginRules> origin_rules(const Config& config)
{
    auto networks = NetworkList::parse(config.trust.networks);
    if (!networks)
        return fail("trust.networks: {}", networks.error().what);
    auto relays = NetworkList::parse(config.trust.relays);
    if (!relays)
        return fail("trust.relays: {}", relays.error().what);
    return OriginRules{std::move(*networks), std::move(*relays), config.dkim.daemon_names};
}

std::string authserv_id(const Config& config)
{
    const auto& id = config.milterd.authserv_id;
    return id.empty() ? host_name() : to_a_labels(id).value_or(id);
}

} // namespace

Result<std::shared_ptr<const FilterChain>> build_chain(const Config& config, ResolverThread&, Log& log)
{
    auto origins = origin_rules(config);
    if (!origins)
        return tl::unexpected(origins.error());

    std::vector<ChainedFilter> filters;
    filters.push_back({std::make_unique<AuthResultsFilter>(authserv_id(config))});

    return std::make_shared<const FilterChain>(
        std::move(filters), ChainSettings{config.milterd.deadline, std::move(*origins)}, log);
}

} // namespace postern
