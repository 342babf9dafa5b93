#include "policyd/dnsbl_list.h"

#include "common/dnsbl/known_lists.h"
#include "common/dnsbl/public_name.h"
#include "common/dnsbl/site.h"
#include "config/words.h"

#include <algorithm>

namespace postern {
namespace {

class ListMaker {
public:
    ListMaker(const DnsblSettings& settings, const DnsblTables& tables)
        : settings_(settings)
        , tables_(tables)
    {
    }

    DnsblLists make()
    {
        for (const auto& site : settings_.sites) {
            DnsblZone wanted;
            wanted.site = site;
            wanted.self_test = true;
            add(wanted);
        }
        for (const auto& zone : settings_.zones)
            add(zone);
        number();
        return std::move(lists_);
    }

private:
    void add(const DnsblZone& wanted)
    {
        const auto site = parse_dnsbl_site(wanted.site);
        if (!site) // the table has checked it
            return;
        const auto* const known = find_known_list(site->zone);
        auto& list = list_of(*site, wanted, known);
        auto filter = site->filter;
        if (!filter && known && !known->listings.empty())
            filter = *ReplyFilter::parse(known->listings);
        list.rules.push_back({filter, site->weight, reply_of(*site, wanted)});
        for (const auto& pattern : wanted.errors)
            if (const auto error = ReplyFilter::parse(pattern))
                list.errors.push_back(*error);
        list.self_test &= wanted.self_test;
    }

    void number()
    {
        for (auto list = lists_.begin(); list != lists_.end(); ++list)
            list->number += static_cast<int>(std::count_if(lists_.begin(), list, [&](const DnsblList& other) {
                return other.type == list->type && other.public_name == list->public_name;
            }));
    }

    DnsblList& list_of(const DnsblSite& site, const DnsblZone& wanted, const KnownList* known)
    {
        const auto same = [&](const DnsblList& list) { return list.type == wanted.type && list.zone == site.zone; };
        if (const auto it = std::find_if(lists_.begin(), lists_.end(), same); it != lists_.end())
            return *it;
        DnsblList list{.type = wanted.type, .zone = site.zone, .public_name = shown_dnsbl_zone(site.zone, settings_, tables_)};
        list.test_names = {"test", "2.0.0.127"}; // RFC 5782 5: TEST; some have the address instead
        if (known && !known->test_name.empty())
            list.test_names.emplace_back(known->test_name);
        if (known && !known->errors.empty())
            list.errors.push_back(*ReplyFilter::parse(known->errors));
        lists_.push_back(std::move(list));
        return lists_.back();
    }

    // Postfix looks for "zone=filter", from 3.10 on for the zone alone, too.
    std::shared_ptr<const ReplyTemplate> reply_of(const DnsblSite& site, const DnsblZone& wanted)
    {
        if (!wanted.reply.empty())
            return parsed(wanted.reply);
        for (const auto& key : {site.key, site.zone})
            if (const auto it = tables_.templates.find(key); it != tables_.templates.end())
                return parsed(it->second);
        return parsed(settings_.reply);
    }

    static std::shared_ptr<const ReplyTemplate> parsed(const std::string& text)
    {
        auto reply = ReplyTemplate::parse(text);
        return std::make_shared<const ReplyTemplate>(reply ? std::move(*reply) : ReplyTemplate());
    }

    const DnsblSettings& settings_;
    const DnsblTables& tables_;
    DnsblLists lists_;
};

} // namespace

int DnsblList::highest() const
{
    int sum = 0;
    for (const auto& rule : rules)
        sum += std::max(rule.weight, 0);
    return sum;
}

int DnsblList::lowest() const
{
    int sum = 0;
    for (const auto& rule : rules)
        sum += std::min(rule.weight, 0);
    return sum;
}

DnsblLists make_dnsbl_lists(const DnsblSettings& settings, const DnsblTables& tables)
{
    return ListMaker(settings, tables).make();
}

std::string shown_dnsbl_zone(const std::string& zone, const DnsblSettings& settings, const DnsblTables& tables)
{
    for (auto set = settings.zones.rbegin(); set != settings.zones.rend(); ++set) // of two the last counts
        if (const auto site = parse_dnsbl_site(set->site); site && site->zone == zone && !set->public_name.empty())
            return set->public_name;
    const auto it = tables.public_names.find(zone);
    return it == tables.public_names.end() ? public_name(zone) : it->second;
}

std::string_view dnsbl_type_name(DnsblZoneType type)
{
    for (const auto& word : words_of<DnsblZoneType>)
        if (word.value == type)
            return word.word;
    return "";
}

} // namespace postern
