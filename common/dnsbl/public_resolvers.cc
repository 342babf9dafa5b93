#include "common/dnsbl/public_resolvers.h"

#include "common/dnsbl/known_lists.h"
#include "common/dnsbl/public_name.h"
#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

struct PublicResolver {
    std::string_view network;
    std::string_view operator_name;
};

constexpr PublicResolver resolvers[] = {
    {"8.8.8.8", "Google"},
    {"8.8.4.4", "Google"},
    {"2001:4860:4860::/48", "Google"},
    {"1.1.1.0/29", "Cloudflare"},
    {"1.0.0.0/29", "Cloudflare"},
    {"2606:4700:4700::/48", "Cloudflare"},
    {"9.9.9.8/29", "Quad9"},
    {"149.112.112.0/24", "Quad9"},
    {"2620:fe::/48", "Quad9"},
    {"208.67.220.0/24", "OpenDNS"},
    {"208.67.222.0/24", "OpenDNS"},
    {"2620:119:35::/48", "OpenDNS"},
    {"2620:119:53::/48", "OpenDNS"},
    {"4.2.2.0/29", "Level 3"},
    {"64.6.64.6", "UltraDNS"},
    {"64.6.65.6", "UltraDNS"},
    {"156.154.70.0/24", "UltraDNS"},
    {"156.154.71.0/24", "UltraDNS"},
    {"84.200.69.80", "DNS.WATCH"},
    {"84.200.70.40", "DNS.WATCH"},
    {"94.140.14.0/24", "AdGuard"},
    {"94.140.15.0/24", "AdGuard"},
    {"2a10:50c0::/32", "AdGuard"},
    {"185.222.222.222", "DNS.SB"},
    {"76.76.2.0/24", "Control D"},
    {"76.76.10.0/24", "Control D"},
    {"77.88.8.0/24", "Yandex"},
    {"86.54.11.0/24", "DNS4EU"},
    {"193.110.81.0", "dns0.eu"},
    {"185.253.5.0", "dns0.eu"},
    {"168.95.1.1", "HiNet"},
    {"114.114.114.114", "114DNS"},
    {"223.5.5.5", "AliDNS"},
    {"223.6.6.6", "AliDNS"},
};

} // namespace

std::string_view public_resolver_of(const IpAddress& address)
{
    for (const auto& resolver : resolvers)
        if (const auto network = parse_ip_network(resolver.network); network && network->contains(address))
            return resolver.operator_name;
    return {};
}

std::string public_resolver_warning(std::string_view server, std::string_view operator_name, std::string_view zone)
{
    return fmt::format("{} is {}'s public resolver, and {} refuses those: have a resolver of your own, or a key of the "
                       "list",
                       server, operator_name, public_name(zone));
}

std::string system_resolver_warning(std::string_view resolv_conf, const std::vector<std::string>& zones)
{
    const auto refuses = [](const std::string& zone) {
        const auto* const known = find_known_list(zone);
        return known && known->refuses_public_resolvers;
    };
    const auto zone = std::find_if(zones.begin(), zones.end(), refuses);
    if (zone == zones.end())
        return {};
    for (const auto line : split(resolv_conf, '\n')) {
        const auto words = split_words(line); // "nameserver ADDRESS"
        if (words.size() < 2 || words[0] != "nameserver")
            continue;
        const auto address = parse_ip_address(words[1]);
        const auto operator_name = address ? public_resolver_of(*address) : std::string_view();
        if (!operator_name.empty())
            return fmt::format("/etc/resolv.conf: {}", public_resolver_warning(words[1], operator_name, *zone));
    }
    return {};
}

} // namespace postern
