#include "policyd/dnsbl_warnings.h"

#include "common/dnsbl/known_lists.h"
#include "common/dnsbl/public_resolvers.h"
#include "common/dnsbl/site.h"
#include "common/text.h"

#include <fmt/format.h>

namespace postern {
namespace {

std::vector<std::string> zones_that_refuse(const DnsblSettings& settings)
{
    std::vector<std::string> zones;
    const auto add = [&](const std::string& text) {
        const auto site = parse_dnsbl_site(text);
        const auto* const known = site ? find_known_list(site->zone) : nullptr;
        if (known && known->refuses_public_resolvers)
            zones.push_back(site->zone);
    };
    for (const auto& site : settings.sites)
        add(site);
    for (const auto& zone : settings.zones)
        add(zone.site);
    return zones;
}

} // namespace

std::vector<std::string> dnsbl_warnings(const Config& config, std::string_view resolv_conf)
{
    if (!config.dnsbl.enable || !config.dns.servers.empty())
        return {};
    const auto zones = zones_that_refuse(config.dnsbl);
    if (zones.empty())
        return {};
    for (const auto line : split(resolv_conf, '\n')) {
        const auto words = split_words(line); // resolv.conf(5): "nameserver ADDRESS"
        if (words.size() < 2 || words[0] != "nameserver")
            continue;
        const auto address = parse_ip_address(words[1]);
        const auto operator_name = address ? public_resolver_of(*address) : std::string_view();
        if (!operator_name.empty())
            return {fmt::format("/etc/resolv.conf: {}",
                                public_resolver_warning(words[1], operator_name, zones.front()))};
    }
    return {};
}

} // namespace postern
