#include "common/dnsbl/reply_template.h"
#include "common/dnsbl/site.h"
#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

Result<> check_reply_filter(std::string_view text)
{
    if (const auto filter = ReplyFilter::parse(text); !filter)
        return tl::unexpected(filter.error());
    return {};
}

constexpr Setting dnsbl_rows[] = {
    {.section = "dnsbl", .name = "enable",
     .target = [](Config& c) -> Target { return &c.dnsbl.enable; },
     .fallback = "true",
     .text = "Ask the lists named below, if any is."},
    {.section = "dnsbl", .name = "observe",
     .target = [](Config& c) -> Target { return &c.dnsbl.observe; },
     .fallback = "false",
     .text = "Decide, log and count, but refuse nothing."},
    {.section = "dnsbl", .name = "sites",
     .target = [](Config& c) -> Target { return &c.dnsbl.sites; },
     .fallback = "",
     .text = "The lists of addresses, as in Postfix's postscreen_dnsbl_sites: ZONE, ZONE=FILTER, each with *WEIGHT "
             "behind it or not. A FILTER such as 127.0.0.[2..11] says which answers count; without one it is those that a "
             "known list uses for listings, else any below 127.0.0.0/8. The WEIGHT is 1 if not given; a negative one "
             "is for lists that vouch for clients. A list named more than once, with other filters, is asked once.",
     .check = check_dnsbl_site},
    {.section = "dnsbl", .name = "threshold",
     .target = [](Config& c) -> Target { return &c.dnsbl.threshold; },
     .fallback = "1",
     .text = "From this score on the action is taken.",
     .low = "1", .high = "100000"},
    {.section = "dnsbl", .name = "action",
     .target = [](Config& c) -> Target { return &c.dnsbl.action; },
     .fallback = "reject",
     .text = "What is done then: warn writes a line into Postfix's log, defer lets the mail come again."},
    {.section = "dnsbl", .name = "defer_threshold",
     .target = [](Config& c) -> Target { return &c.dnsbl.defer_threshold; },
     .fallback = "0",
     .text = "From this score on, below dnsbl.threshold, mail is deferred: it comes again, when lists may know more; "
             "0: never.",
     .low = "0", .high = "100000"},
    {.section = "dnsbl", .name = "allow_threshold",
     .target = [](Config& c) -> Target { return &c.dnsbl.allow_threshold; },
     .fallback = "0",
     .text = "A client whose score is this or below is known to be good, and is not greylisted; 0: none is.",
     .low = "-100000", .high = "0"},
    {.section = "dnsbl", .name = "reject_code",
     .target = [](Config& c) -> Target { return &c.dnsbl.reject_code; },
     .fallback = "550",
     .text = "The code of a refusal, $rbl_code of the templates. Postfix's own lists use 554 (maps_rbl_reject_code).",
     .low = "500", .high = "599"},
    {.section = "dnsbl", .name = "reply",
     .target = [](Config& c) -> Target { return &c.dnsbl.reply; },
     .fallback = "$rbl_code 5.7.1 Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; "
                 "$rbl_reason}",
     .text = "What a client is told, as in Postfix's default_rbl_reply, of the list that weighs most. A code that "
             "stands first instead of $rbl_code is used as it is.",
     .check = check_reply_template, .required = true},
    {.section = "dnsbl", .name = "reply_templates",
     .target = [](Config& c) -> Target { return &c.dnsbl.reply_templates; },
     .fallback = "",
     .text = "A file of templates for some lists, in the format of Postfix's rbl_reply_maps (texthash): ZONE=FILTER or "
             "ZONE, and the template. Read at start and at reload; empty: none.",
     .check = check_path},
    {.section = "dnsbl", .name = "reply_map",
     .target = [](Config& c) -> Target { return &c.dnsbl.reply_map; },
     .fallback = "",
     .text = "A file of names to show instead of zones, as Postfix's postscreen_dnsbl_reply_map (texthash): ZONE, and "
             "its public name. Zones that hold a key, such as KEY.zen.dq.spamhaus.net, are shown without it even so. "
             "Empty: none.",
     .check = check_path},
    {.section = "dnsbl", .name = "reasons",
     .target = [](Config& c) -> Target { return &c.dnsbl.reasons; },
     .fallback = "true",
     .text = "Ask the list that weighs most for the reason (its TXT record), for $rbl_reason; only when mail is "
             "refused or deferred."},
    {.section = "dnsbl", .name = "timeout",
     .target = [](Config& c) -> Target { return &c.dnsbl.timeout; },
     .fallback = "10s",
     .text = "The longest time for all lists, within policyd.deadline. What has not answered then does not count.",
     .low = "1s", .high = "90s"},
    {.section = "dnsbl", .name = "min_ttl",
     .target = [](Config& c) -> Target { return &c.dnsbl.min_ttl; },
     .fallback = "60s",
     .text = "A client's score is kept for the shortest time that one of its lists says, but at least for this time.",
     .low = "1s", .high = "1d"},
    {.section = "dnsbl", .name = "max_ttl",
     .target = [](Config& c) -> Target { return &c.dnsbl.max_ttl; },
     .fallback = "1h",
     .text = "And at most for this time.",
     .low = "1s", .high = "7d"},
    {.section = "dnsbl", .name = "cache_size",
     .target = [](Config& c) -> Target { return &c.dnsbl.cache_size; },
     .fallback = "100000",
     .text = "How many scores are kept in memory.",
     .low = "1000", .high = "10000000"},
    {.section = "dnsbl", .name = "self_test_interval",
     .target = [](Config& c) -> Target { return &c.dnsbl.self_test_interval; },
     .fallback = "1h",
     .text = "How often each list is asked for its test entries (RFC 5782 5): 127.0.0.2 must be listed and 127.0.0.1 "
             "not; of names, TEST and INVALID. A list that fails is not asked until it passes.",
     .low = "1m", .high = "1d"},

    {.section = "dnsbl.zone", .name = "site",
     .target = [](Config& c) -> Target { return &c.dnsbl.zones.back().site; },
     .fallback = "",
     .text = "ZONE=FILTER*WEIGHT, as in dnsbl.sites.",
     .check = check_dnsbl_site, .example = "dbl.spamhaus.org=127.0.1.[2..99]*3", .required = true},
    {.section = "dnsbl.zone", .name = "type",
     .target = [](Config& c) -> Target { return &c.dnsbl.zones.back().type; },
     .fallback = "address",
     .text = "What is looked for in it: the client's address, the name it says in HELO, its own verified name, or the "
             "domain of the sender."},
    {.section = "dnsbl.zone", .name = "public_name",
     .target = [](Config& c) -> Target { return &c.dnsbl.zones.back().public_name; },
     .fallback = "",
     .text = "What to call it in replies and logs; empty: as dnsbl.reply_map says, else the zone, without a key that "
             "it may hold.",
     .check = check_domain},
    {.section = "dnsbl.zone", .name = "reply",
     .target = [](Config& c) -> Target { return &c.dnsbl.zones.back().reply; },
     .fallback = "",
     .text = "A template of its own; empty: as dnsbl.reply_templates says, else dnsbl.reply.",
     .check = check_reply_template},
    {.section = "dnsbl.zone", .name = "errors",
     .target = [](Config& c) -> Target { return &c.dnsbl.zones.back().errors; },
     .fallback = "",
     .text = "Answers that say that something is wrong, such as 127.0.0.1, beside those that are known. They never "
             "count.",
     .check = check_reply_filter},
    {.section = "dnsbl.zone", .name = "self_test",
     .target = [](Config& c) -> Target { return &c.dnsbl.zones.back().self_test; },
     .fallback = "true",
     .text = "false: a list without test entries."},
};

} // namespace

std::span<const Setting> dnsbl_settings()
{
    return dnsbl_rows;
}

} // namespace postern
