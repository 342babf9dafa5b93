#include "policyd/dnsbl_warnings.h"

#include "common/dnsbl/public_resolvers.h"
#include "common/dnsbl/site.h"

namespace postern {

std::vector<std::string> dnsbl_warnings(const Config& config, std::string_view resolv_conf)
{
    if (!config.dnsbl.enable || !config.dns.servers.empty())
        return {};
    std::vector<std::string> zones;
    const auto add = [&](const std::string& text) {
        if (auto site = parse_dnsbl_site(text))
            zones.push_back(std::move(site->zone));
    };
    for (const auto& site : config.dnsbl.sites)
        add(site);
    for (const auto& zone : config.dnsbl.zones)
        add(zone.site);
    const auto warning = system_resolver_warning(resolv_conf, zones);
    return warning.empty() ? std::vector<std::string>{} : std::vector{warning};
}

} // namespace postern
