#include "common/dnsbl/known_lists.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view zen_listings = "127.0.0.[2..11;30]"; // SBL, CSS, XBL, DROP, PBL; 30: BCL, in the SBL
constexpr std::string_view sbl_listings = "127.0.0.[2;3;9;30]";
constexpr std::string_view dbl_listings = "127.0.1.[2..99]"; // from 102 on: abused, but good domains
constexpr std::string_view dbl_error = "127.0.1.255";        // an address was asked for
constexpr std::string_view dnswl_listings = "127.0.[0..255].[0..3]";
constexpr std::string_view dnswl_error = "127.0.0.255";
constexpr std::string_view usual_listing = "127.0.0.2";

constexpr KnownList lists[] = {
    // Spamhaus: the free mirrors, and the Data Query Service with a key before the name
    {.zone = "zen.spamhaus.org", .listings = zen_listings, .refuses_public_resolvers = true},
    {.zone = "sbl.spamhaus.org", .listings = sbl_listings, .refuses_public_resolvers = true},
    {.zone = "xbl.spamhaus.org", .listings = "127.0.0.[4..7]", .refuses_public_resolvers = true},
    {.zone = "pbl.spamhaus.org", .listings = "127.0.0.[10;11]", .refuses_public_resolvers = true},
    {.zone = "sbl-xbl.spamhaus.org", .listings = "127.0.0.[2..9;30]", .refuses_public_resolvers = true},
    {.zone = "dbl.spamhaus.org", .listings = dbl_listings, .errors = dbl_error, .test_name = "dbltest.com",
     .kind = ListKind::domains, .refuses_public_resolvers = true},
    {.zone = "zen.dq.spamhaus.net", .public_name = "zen.spamhaus.org", .listings = zen_listings},
    {.zone = "sbl.dq.spamhaus.net", .public_name = "sbl.spamhaus.org", .listings = sbl_listings},
    {.zone = "xbl.dq.spamhaus.net", .public_name = "xbl.spamhaus.org", .listings = "127.0.0.[4..7]"},
    {.zone = "pbl.dq.spamhaus.net", .public_name = "pbl.spamhaus.org", .listings = "127.0.0.[10;11]"},
    {.zone = "dbl.dq.spamhaus.net", .public_name = "dbl.spamhaus.org", .listings = dbl_listings, .errors = dbl_error,
     .test_name = "dbltest.com", .kind = ListKind::domains},
    {.zone = "zrd.dq.spamhaus.net", .public_name = "zrd.spamhaus.org", .listings = "127.0.2.[2..24]",
     .errors = "127.0.2.255", .kind = ListKind::domains},
    {.zone = "authbl.dq.spamhaus.net", .public_name = "authbl.spamhaus.org", .listings = "127.0.0.20"},
    {.zone = "dq.spamhaus.net", .public_name = "spamhaus.org", .kind = ListKind::any},

    // Addresses
    {.zone = "bl.spamcop.net", .listings = usual_listing},
    {.zone = "b.barracudacentral.org", .listings = usual_listing},
    {.zone = "psbl.surriel.com", .listings = usual_listing},
    {.zone = "bl.score.senderscore.com", .refuses_public_resolvers = true},
    {.zone = "bl.mailspike.net", .listings = "127.0.0.[2;10..12]"},
    {.zone = "rep.mailspike.net", .listings = "127.0.0.[10..12]"}, // 13 to 16 are neither, 17 to 20 are good
    {.zone = "z.mailspike.net", .listings = usual_listing},
    {.zone = "wl.mailspike.net", .listings = "127.0.0.[17..20]"},
    {.zone = "dnsbl-1.uceprotect.net", .listings = usual_listing},
    {.zone = "dnsbl-2.uceprotect.net", .listings = usual_listing},
    {.zone = "dnsbl-3.uceprotect.net", .listings = usual_listing},
    {.zone = "ips.backscatterer.org", .listings = usual_listing},
    {.zone = "truncate.gbudb.net", .listings = usual_listing},
    {.zone = "bl.blocklist.de"},
    {.zone = "dnsbl.dronebl.org", .listings = "127.0.0.[2..255]"},
    {.zone = "hostkarma.junkemailfilter.com", .listings = usual_listing, // 1 is white, 3 to 5 are neither
     .kind = ListKind::any},
    {.zone = "combined.mail.abusix.zone", .listings = "127.0.0.[2..4;11;12;200]"},
    {.zone = "black.mail.abusix.zone", .listings = "127.0.0.[2;3;200]"},
    {.zone = "exploit.mail.abusix.zone", .listings = "127.0.0.4"},
    {.zone = "dynamic.mail.abusix.zone", .listings = "127.0.0.[11;12]"},
    {.zone = "dblack.mail.abusix.zone", .listings = "127.0.1.[1..3]", .test_name = "example.test",
     .kind = ListKind::domains},
    {.zone = "white.mail.abusix.zone"},
    {.zone = "mail.abusix.zone", .kind = ListKind::any},

    // Who vouches
    {.zone = "list.dnswl.org", .listings = dnswl_listings, .errors = dnswl_error, .refuses_public_resolvers = true},
    {.zone = "dwl.dnswl.org", .listings = dnswl_listings, .errors = dnswl_error, .kind = ListKind::domains,
     .refuses_public_resolvers = true},

    // Domains: each bit a list, and the lowest says that the question was refused
    {.zone = "multi.surbl.org", .listings = "127.0.0.[2..254]", .errors = "127.0.0.1",
     .test_name = "surbl-org-permanent-test-point.com", .kind = ListKind::domains, .refuses_public_resolvers = true},
    {.zone = "multi.uribl.com", .listings = "127.0.0.[2..14]", .errors = "127.0.0.[1;255]",
     .test_name = "test.uribl.com", .kind = ListKind::domains, .refuses_public_resolvers = true},
    {.zone = "black.uribl.com", .listings = usual_listing, .errors = "127.0.0.[1;255]",
     .test_name = "test.uribl.com", .kind = ListKind::domains, .refuses_public_resolvers = true},

    // Closed: they answer nobody, or list everybody
    {.zone = "cbl.abuseat.org", .closed = "its listings are part of zen.spamhaus.org"},
    {.zone = "dnsbl.sorbs.net", .closed = "since 2024"},
    {.zone = "ix.dnsbl.manitu.net", .closed = "since 2025"},
    {.zone = "bl.spamcannibal.org", .closed = "since 2018"},
    {.zone = "dnsbl.ahbl.org", .closed = "since 2015"},
    {.zone = "rhsbl.ahbl.org", .kind = ListKind::domains, .closed = "since 2015"},
    {.zone = "dnsbl.njabl.org", .closed = "since 2013"},
    {.zone = "combined.njabl.org", .closed = "since 2013"},
    {.zone = "list.dsbl.org", .closed = "since 2008"},
    {.zone = "relays.ordb.org", .closed = "since 2006"},
};

bool is_at_or_below(std::string_view name, std::string_view zone)
{
    if (name.size() < zone.size() || !equals_ignoring_case(name.substr(name.size() - zone.size()), zone))
        return false;
    return name.size() == zone.size() || name[name.size() - zone.size() - 1] == '.';
}

} // namespace

const KnownList* find_known_list(std::string_view zone)
{
    const KnownList* best = nullptr; // the longest: zen.dq.spamhaus.net stands below dq.spamhaus.net
    for (const auto& list : lists)
        if (is_at_or_below(zone, list.zone) && (!best || best->zone.size() < list.zone.size()))
            best = &list;
    return best;
}

} // namespace postern
