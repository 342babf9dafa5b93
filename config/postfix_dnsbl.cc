#include "config/postfix_dnsbl.h"

#include "common/dnsbl/known_lists.h"
#include "common/dnsbl/public_name.h"
#include "common/dnsbl/public_resolvers.h"
#include "common/dnsbl/site.h"
#include "config/old_programs.h"
#include "config/validate_dnsbl.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

struct Restriction {
    std::string_view name;
    DnsblZoneType type;
};

constexpr Restriction restrictions[] = {
    {"reject_rbl_client", DnsblZoneType::address},
    {"permit_dnswl_client", DnsblZoneType::address},
    {"reject_rhsbl_helo", DnsblZoneType::helo},
    {"reject_rhsbl_client", DnsblZoneType::client_name},
    {"reject_rhsbl_reverse_client", DnsblZoneType::client_name},
    {"permit_rhswl_client", DnsblZoneType::client_name},
    {"reject_rhsbl_sender", DnsblZoneType::sender_domain},
    {"reject_rhsbl_recipient", DnsblZoneType::sender_domain},
};

constexpr std::string_view lists_of_restrictions[] = {
    "smtpd_client_restrictions",      "smtpd_helo_restrictions",      "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",       "smtpd_recipient_restrictions", "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
};

class ListFinder {
public:
    using Fault = std::function<void(const PostfixList&, const Error&)>;

    ListFinder(std::vector<PostfixList>& lists, const Fault& fault)
        : lists_(lists)
        , fault_(fault)
    {
    }

    void add(PostfixList list)
    {
        if (auto site = parse_dnsbl_site(list.text)) {
            list.site = std::move(*site);
            lists_.push_back(std::move(list));
        } else if (fault_) {
            fault_(list, site.error());
        }
    }

    void add_restrictions(std::string_view parameter, std::string_view text, std::string_view service)
    {
        const auto items = split_postfix_list(text);
        for (std::size_t i = 0; i + 1 < items.size(); ++i)
            for (const auto& restriction : restrictions)
                if (items[i] == restriction.name)
                    add({std::string(restriction.name),
                         restriction.type,
                         {},
                         items[i + 1],
                         std::string(parameter),
                         std::string(service),
                         i > 0 && items[i - 1] == "warn_if_reject"});
    }

private:
    std::vector<PostfixList>& lists_;
    const Fault& fault_;
};

// The name of the list if [dnsbl] asks it, too, whatever the key; empty: it does not.
std::string name_of_ours(const DnsblSettings& settings, const PostfixList& list)
{
    const auto is_same = [&](const std::string& text, DnsblZoneType type) {
        const auto site = parse_dnsbl_site(text);
        return site && type == list.type && public_name(site->zone) == list.shown();
    };
    for (const auto& zone : settings.zones)
        if (is_same(zone.site, zone.type))
            return zone.public_name.empty() ? list.shown() : zone.public_name;
    return std::any_of(settings.sites.begin(), settings.sites.end(),
                       [&](const auto& site) { return is_same(site, DnsblZoneType::address); })
        ? list.shown()
        : "";
}

std::string without_filter(const PostfixList& list)
{
    const auto* const known = find_known_list(list.site.zone);
    if (list.site.filter || !known || known->listings.empty())
        return {};
    return fmt::format("{} names {} without a filter: its error answers count as listings, and then all mail is {}. "
                       "Write {}={}.",
                       list.where, list.shown(), list.where.starts_with("permit") ? "let through" : "refused",
                       list.site.zone == list.shown() ? list.shown() : "it", known->listings);
}

std::string shown_key(const PostfixConfig& postfix, const PostfixList& list)
{
    const auto* const map = list.is_postscreen() ? "postscreen_dnsbl_reply_map" : "rbl_reply_maps";
    if (!holds_key(list.site.zone) || !postfix.value(map).empty() || list.where.starts_with("permit"))
        return {};
    return fmt::format("{} asks {} with a key, which every refusal shows to the client: set {}.", list.where,
                       list.shown(), map);
}

} // namespace

std::string PostfixList::shown() const
{
    return public_name(site.zone);
}

std::vector<PostfixList> postfix_lists(const PostfixConfig& postfix,
                                       const std::function<void(const PostfixList&, const Error&)>& fault)
{
    std::vector<PostfixList> lists;
    ListFinder finder(lists, fault);
    const std::string sites = "postscreen_dnsbl_sites";
    const bool has_postscreen = std::any_of(postfix.services.begin(), postfix.services.end(),
                                            [](const auto& service) { return service.program == "postscreen"; });
    if (has_postscreen)
        for (const auto& item : split_postfix_list(postfix.value(sites)))
            finder.add({sites, DnsblZoneType::address, {}, item, sites});
    for (const auto name : lists_of_restrictions) {
        finder.add_restrictions(name, postfix.value(name), "");
        for (const auto& service : postfix.services)
            if (const auto it = service.options.find(name); it != service.options.end())
                finder.add_restrictions(name, it->second, service.name);
    }
    return lists;
}

std::vector<std::string> postfix_dnsbl_warnings(const PostfixConfig& postfix, const Config& config,
                                                std::string_view resolv_conf)
{
    std::vector<std::string> lines;
    std::vector<std::string> zones;
    const auto add = [&](std::string line) {
        if (!line.empty() && std::find(lines.begin(), lines.end(), line) == lines.end())
            lines.push_back(std::move(line));
    };
    const bool asks = asks_dns_lists(config);
    for (const auto& list : postfix_lists(postfix)) {
        zones.push_back(list.site.zone);
        if (const auto name = name_of_ours(config.dnsbl, list); asks && !name.empty())
            add(fmt::format("{} asks {}, and so does [dnsbl]: take it out of one of them.", list.where, name));
        add(without_filter(list));
        add(shown_key(postfix, list));
        if (const auto trouble = trouble_with_zone(list.site.zone, list.type); !trouble.empty())
            add(fmt::format("{}: {}.", list.where, trouble));
    }
    add(system_resolver_warning(resolv_conf, zones));
    return lines;
}

} // namespace postern
