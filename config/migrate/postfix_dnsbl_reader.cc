#include "config/migrate/postfix_dnsbl_reader.h"

#include "common/digits.h"
#include "common/text.h"
#include "config/postfix_dnsbl.h"

#include <algorithm>

namespace postern {
namespace {

constexpr int heaviest = 10'000;
constexpr std::size_t weight_digits = 6;

// Settings that stand for one parameter each, with the same value.
constexpr struct {
    std::string_view parameter, setting;
} same_values[] = {
    {"postscreen_dnsbl_threshold", "dnsbl.threshold"}, {"postscreen_dnsbl_timeout", "dnsbl.timeout"},
    {"postscreen_dnsbl_min_ttl", "dnsbl.min_ttl"},     {"postscreen_dnsbl_max_ttl", "dnsbl.max_ttl"},
    {"postscreen_dnsbl_ttl", "dnsbl.max_ttl"},
};

std::string_view type_word(DnsblZoneType type)
{
    switch (type) {
    case DnsblZoneType::address:
        return "address";
    case DnsblZoneType::helo:
        return "helo";
    case DnsblZoneType::client_name:
        return "client_name";
    case DnsblZoneType::sender_domain:
        return "sender_domain";
    }
    return ""; // unreachable: -Wswitch names a type without a case
}

class DnsblReader {
public:
    explicit DnsblReader(Migration& migration)
        : migration_(migration)
        , postfix_(migration.postfix())
    {
        lists_ = postfix_lists(postfix_.config, [&](const PostfixList& list, const Error& error) {
            migration_.fault(line_of(list), error.what, list.where);
        });
    }

    void read()
    {
        if (lists_.empty())
            return;
        if (uses([](const auto& list) { return list.is_postscreen(); }))
            postscreen();
        all_warn_ = !uses([](const auto& list) { return !list.is_postscreen() && !list.only_warns; });
        if (uses([](const auto& list) { return !list.is_postscreen(); }))
            restrictions();
        for (const auto& list : lists_)
            if (list.shown() != list.site.zone) // it holds a key
                migration_.hide(list.text.substr(0, list.site.zone.size()), list.shown());
        for (const auto& list : lists_)
            take(list);
    }

private:
    static constexpr std::string_view program = "Postfix";

    template <class Is>
    bool uses(Is is) const
    {
        return std::any_of(lists_.begin(), lists_.end(), is);
    }

    OldLine line_of(const PostfixList& list) const
    {
        return list.service.empty() ? postfix_.line_of(list.parameter, list.text, program)
                                    : postfix_.service_line(list.service, program);
    }

    MetOption parameter(std::string_view name) const
    {
        const auto value = postfix_.config.value(name);
        return {postfix_.line_of(name, program), fmt::format("{} = {}", name, value), std::string(name), value};
    }

    void postscreen()
    {
        for (const auto& [name, setting] : same_values)
            if (postfix_.sets(name))
                migration_.set(parameter(name), setting, parameter(name).value);
        for (const auto* const name : {"postscreen_dnsbl_allowlist_threshold", "postscreen_dnsbl_whitelist_threshold"})
            if (postfix_.sets(name) && !parameter(name).value.starts_with('$'))
                migration_.set(parameter(name), "dnsbl.allow_threshold", parameter(name).value);
        action();
        if (postfix_.sets("postscreen_dnsbl_reply_map"))
            table("postscreen_dnsbl_reply_map", "dnsbl.reply_map");
    }

    void action()
    {
        const auto option = parameter("postscreen_dnsbl_action");
        if (option.value == "ignore")
            migration_.set(option, "dnsbl.observe", "true");
        else if (option.value == "enforce")
            migration_.set(option, "dnsbl.action", "reject");
        else if (option.value == "drop")
            migration_.note(option);
        else
            migration_.fault(option.at, "is neither ignore, enforce nor drop", option.text);
    }

    void restrictions()
    {
        const auto code = parameter("maps_rbl_reject_code");
        migration_.set(code, "dnsbl.reject_code", code.value);
        if (postfix_.sets("default_rbl_reply"))
            migration_.set(parameter("default_rbl_reply"), "dnsbl.reply", parameter("default_rbl_reply").value);
        if (postfix_.sets("rbl_reply_maps"))
            table("rbl_reply_maps", "dnsbl.reply_templates");
        if (all_warn_ && !uses([](const auto& list) { return list.is_postscreen(); }))
            migration_.set(warning_option(), "dnsbl.observe", "true");
    }

    MetOption warning_option() const
    {
        return {line_of(lists_.front()), "warn_if_reject " + lists_.front().where, "warn_if_reject"};
    }

    // "hash:/etc/postfix/x": the text beside the map is what Postern reads
    void table(std::string_view name, std::string_view setting)
    {
        const auto option = parameter(name);
        const auto colon = option.value.find(':');
        const auto type = option.value.substr(0, colon);
        const auto path = colon == std::string::npos ? std::string() : option.value.substr(colon + 1);
        const bool has_text =
            type == "texthash" || type == "hash" || type == "lmdb" || type == "cdb" || type == "btree";
        if (!has_text || !path.starts_with('/') || path.find_first_of(", \t") != std::string::npos)
            migration_.note(option,
                            {Fate::refused,
                             fmt::format("only one table with a text is read: list the zones in "
                                         "such a file, and name it in {}",
                                         setting)});
        else if (!migration_.host().has(path))
            migration_.fault(option.at, path + ": is not there", option.text);
        else
            migration_.set(option, setting, path);
    }

    void take(const PostfixList& list)
    {
        const MetOption option{line_of(list), fmt::format("{} {}", list.where, list.text), list.where};
        if (list.where == "reject_rhsbl_reverse_client" || list.where == "reject_rhsbl_recipient")
            migration_.note(option);
        else if (list.is_postscreen())
            migration_.add(option, "dnsbl.sites", list.text, Said{Fate::kept, ""});
        else if (list.only_warns && !all_warn_)
            migration_.note(option,
                            {Fate::refused,
                             "others do refuse, and dnsbl.observe is for all lists: leave this one "
                             "in main.cf"});
        else
            weigh(option, list);
    }

    void weigh(const MetOption& option, const PostfixList& list)
    {
        const bool vouches = list.where.starts_with("permit_");
        const auto weight = vouches ? -std::min(heaviest, threshold() * refusing()) : threshold();
        const auto site = weight == 1 ? list.text : fmt::format("{}*{}", list.text, weight);
        const auto note = vouches ? Said{Fate::changed,
                                         "it outweighs all that speak against the client; Postern never says "
                                         "OK, which would skip your other restrictions"}
                                  : Said{Fate::kept, "it weighs as much as dnsbl.threshold: one listing is enough"};
        if (list.type == DnsblZoneType::address) {
            migration_.add(option, "dnsbl.sites", site, note);
            return;
        }
        const auto section = migration_.new_section("dnsbl.zone");
        migration_.set(option, section, "site", {site}, note);
        migration_.set(option, section, "type", {std::string(type_word(list.type))});
    }

    int threshold() const
    {
        const auto* const set = migration_.draft().find("dnsbl.threshold");
        return set && is_number(set->front(), weight_digits) ? std::stoi(set->front()) : 1;
    }

    // How many may speak against a client for whom one vouches.
    int refusing() const
    {
        return std::max<int>(1, static_cast<int>(std::count_if(lists_.begin(), lists_.end(), [](const auto& list) {
                                 return !list.where.starts_with("permit_");
                             })));
    }

    Migration& migration_;
    const OldPostfix& postfix_;
    std::vector<PostfixList> lists_;
    bool all_warn_ = false;
};

} // namespace

void migrate_postfix_dnsbl(Migration& migration)
{
    DnsblReader(migration).read();
}

} // namespace postern
