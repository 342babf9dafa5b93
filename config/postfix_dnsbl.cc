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
    "smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions", "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions", "smtpd_data_restrictions", "smtpd_end_of_data_restrictions",
};

// A list that Postfix asks.
struct PostfixList {
    std::string where; // "postscreen_dnsbl_sites", "reject_rbl_client"
    DnsblZoneType type;
    DnsblSite site;

    std::string shown() const { return public_name(site.zone); }
    bool is_postscreen() const { return where == "postscreen_dnsbl_sites"; }
};

void add_restrictions(std::string_view text, std::vector<PostfixList>& lists)
{
    const auto items = split_postfix_list(text);
    for (std::size_t i = 0; i + 1 < items.size(); ++i)
        for (const auto& restriction : restrictions)
            if (items[i] == restriction.name)
                if (auto site = parse_dnsbl_site(items[i + 1]))
                    lists.push_back({std::string(restriction.name), restriction.type, std::move(*site)});
}

std::vector<PostfixList> lists_of(const PostfixConfig& postfix)
{
    std::vector<PostfixList> lists;
    const bool has_postscreen = std::any_of(postfix.services.begin(), postfix.services.end(),
                                            [](const auto& service) { return service.program == "postscreen"; });
    if (has_postscreen)
        for (const auto& item : split_postfix_list(postfix.value("postscreen_dnsbl_sites")))
            if (auto site = parse_dnsbl_site(item))
                lists.push_back({"postscreen_dnsbl_sites", DnsblZoneType::address, std::move(*site)});
    for (const auto name : lists_of_restrictions) {
        add_restrictions(postfix.value(name), lists);
        for (const auto& service : postfix.services)
            if (const auto it = service.options.find(name); it != service.options.end())
                add_restrictions(it->second, lists);
    }
    return lists;
}

bool is_ours(const DnsblSettings& settings, const PostfixList& list)
{
    const auto is_same = [&](const std::string& text, DnsblZoneType type) {
        const auto site = parse_dnsbl_site(text);
        return site && type == list.type && public_name(site->zone) == list.shown(); // whatever the key
    };
    return std::any_of(settings.sites.begin(), settings.sites.end(),
                       [&](const auto& site) { return is_same(site, DnsblZoneType::address); })
        || std::any_of(settings.zones.begin(), settings.zones.end(),
                       [&](const auto& zone) { return is_same(zone.site, zone.type); });
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
    for (const auto& list : lists_of(postfix)) {
        zones.push_back(list.site.zone);
        if (asks && is_ours(config.dnsbl, list))
            add(fmt::format("{} asks {}, and so does [dnsbl]: take it out of one of them.", list.where, list.shown()));
        add(without_filter(list));
        add(shown_key(postfix, list));
        if (const auto trouble = trouble_with_zone(list.site.zone, list.type); !trouble.empty())
            add(fmt::format("{}: {}.", list.where, trouble));
    }
    add(system_resolver_warning(resolv_conf, zones));
    return lines;
}

} // namespace postern
