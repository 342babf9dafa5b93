#include "config/validate_dnsbl.h"

#include "common/dnsbl/known_lists.h"
#include "common/dnsbl/public_name.h"
#include "common/dnsbl/public_resolvers.h"
#include "common/dnsbl/site.h"
#include "common/socket_address.h"

#include <algorithm>

namespace postern {
namespace {

struct NamedSite {
    std::string setting; // where it stands: "dnsbl.sites", "dnsbl.zone.0"
    DnsblZoneType type;
    DnsblSite site;
    std::string shown; // the zone without a key, as the operator has it or as far as one can see
};

std::vector<NamedSite> all_sites(const DnsblSettings& dnsbl)
{
    std::vector<NamedSite> sites;
    for (const auto& text : dnsbl.sites)
        if (auto site = parse_dnsbl_site(text))
            sites.push_back({"dnsbl.sites", DnsblZoneType::address, *site, public_name(site->zone)});
    for (std::size_t i = 0; i < dnsbl.zones.size(); ++i) {
        const auto& zone = dnsbl.zones[i];
        if (const auto site = parse_dnsbl_site(zone.site))
            sites.push_back({fmt::format("dnsbl.zone.{}", i), zone.type, *site,
                             zone.public_name.empty() ? public_name(site->zone) : zone.public_name});
    }
    return sites;
}

class DnsblValidator {
public:
    DnsblValidator(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems)
        : candidate_(candidate)
        , dnsbl_(candidate.config.dnsbl)
        , path_(path)
        , problems_(problems)
        , sites_(all_sites(dnsbl_))
    {
    }

    void run()
    {
        numbers();
        if (!dnsbl_.enable || sites_.empty())
            return;
        scores();
        zones();
        place();
        resolvers();
    }

private:
    // Of the first of these settings that somebody has set.
    SettingOrigin origin(std::initializer_list<std::string_view> names) const
    {
        for (const auto name : names)
            if (const auto it = candidate_.origins.find(name); it != candidate_.origins.end())
                return it->second;
        return {0, fmt::format("{}: {}", path_, *names.begin())};
    }

    void fault(const SettingOrigin& at, std::string what) { problems_.faults.push_back({at, std::move(what)}); }
    void warning(const SettingOrigin& at, std::string what) { problems_.warnings.push_back({at, std::move(what)}); }

    void numbers()
    {
        if (dnsbl_.max_ttl < dnsbl_.min_ttl)
            fault(origin({"dnsbl.max_ttl", "dnsbl.min_ttl"}), "dnsbl.max_ttl must not be shorter than dnsbl.min_ttl");
        if (dnsbl_.defer_threshold >= dnsbl_.threshold)
            fault(origin({"dnsbl.defer_threshold", "dnsbl.threshold"}),
                  "dnsbl.defer_threshold must be below dnsbl.threshold");
    }

    void scores()
    {
        std::int64_t highest = 0, lowest = 0;
        for (const auto& named : sites_)
            (named.site.weight > 0 ? highest : lowest) += named.site.weight;
        if (highest < dnsbl_.threshold)
            warning(origin({"dnsbl.threshold", "dnsbl.sites"}),
                    fmt::format("the weights of all lists add up to {}: dnsbl.threshold ({}) is never reached", highest,
                                dnsbl_.threshold));
        if (dnsbl_.allow_threshold < lowest)
            warning(origin({"dnsbl.allow_threshold", "dnsbl.sites"}),
                    fmt::format("the negative weights add up to {}: dnsbl.allow_threshold ({}) is never reached",
                                lowest, dnsbl_.allow_threshold));
        if (dnsbl_.timeout > candidate_.config.policyd.deadline)
            warning(origin({"dnsbl.timeout", "policyd.deadline"}),
                    fmt::format("dnsbl.timeout ({}s) is cut short by policyd.deadline ({}s)", dnsbl_.timeout.count(),
                                candidate_.config.policyd.deadline.count()));
    }

    void zones()
    {
        for (auto it = sites_.begin(); it != sites_.end(); ++it) {
            const auto same = [&](const NamedSite& other) {
                return other.type == it->type && other.site.key == it->site.key;
            };
            if (std::find_if(sites_.begin(), it, same) != it)
                warning(origin({it->setting}), fmt::format("{} stands there twice, and counts twice", it->shown));
            if (auto trouble = trouble_with_zone(it->site.zone, it->type); !trouble.empty())
                warning(origin({it->setting}), std::move(trouble));
        }
    }

    void place()
    {
        const auto& checks = candidate_.config.policyd.checks;
        if (std::find(checks.begin(), checks.end(), "dnsbl") == checks.end())
            warning(origin({"policyd.checks"}), "does not name dnsbl: its lists are not asked");
    }

    void resolvers()
    {
        for (const auto& text : candidate_.config.dns.servers) {
            const auto server = parse_ip_endpoint(text, 53); // RFC 1035 4.2
            const auto operator_name = server ? public_resolver_of(server->address) : std::string_view();
            if (operator_name.empty())
                continue;
            for (const auto& named : sites_)
                if (const auto* const known = find_known_list(named.site.zone);
                    known && known->refuses_public_resolvers) {
                    warning(origin({"dns.servers"}), public_resolver_warning(text, operator_name, named.site.zone));
                    return;
                }
        }
    }

    const ConfigCandidate& candidate_;
    const DnsblSettings& dnsbl_;
    std::string_view path_;
    ConfigProblems& problems_;
    std::vector<NamedSite> sites_;
};

} // namespace

void validate_dnsbl(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems)
{
    DnsblValidator(candidate, path, problems).run();
}

std::string trouble_with_zone(std::string_view zone, DnsblZoneType type)
{
    const auto* const known = find_known_list(zone);
    if (!known)
        return {};
    if (!known->closed.empty())
        return fmt::format("{} is closed: {}", public_name(zone), known->closed);
    if (known->kind == ListKind::domains && type == DnsblZoneType::address)
        return fmt::format("{} lists domains, not addresses: it belongs in a [[dnsbl.zone]] of another type",
                           public_name(zone));
    if (known->kind == ListKind::addresses && type != DnsblZoneType::address)
        return fmt::format("{} lists addresses, not domains", public_name(zone));
    return {};
}

} // namespace postern
