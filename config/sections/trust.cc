#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting trust_rows[] = {
    {.section = "trust", .name = "networks",
     .target = [](Config& c) -> Target { return &c.trust.networks; },
     .fallback = "127.0.0.0/8 ::1/128",
     .text = "Our own clients, as in Postfix's mynetworks: addresses, networks, host names, and .domain for all hosts "
             "below it; with ! before it an exclusion, of which the most exact decides; file:PATH for a file of such "
             "entries. They are not judged, and their mail is signed. Behind a proxy that hides the clients' "
             "addresses (Docker's, a load balancer's) never name the proxy's: all the world would be trusted.",
     .check = check_network},
    {.section = "trust", .name = "relays",
     .target = [](Config& c) -> Target { return &c.trust.relays; },
     .fallback = "",
     .text = "Servers that pass other people's mail on to us, such as a backup MX: written as networks are. They are "
             "not judged, and their mail is not signed.",
     .check = check_network},
    {.section = "trust", .name = "judge_private",
     .target = [](Config& c) -> Target { return &c.trust.judge_private; },
     .fallback = "false",
     .text = "Judge strangers by their address even if it is a private one (RFC 6890: 10.0.0.0/8, 172.16.0.0/12, "
             "192.168.0.0/16, 100.64.0.0/10, fc00::/7, loopback and link-local). false: SPF, DNS lists and greylisting "
             "let them be, since what stands behind such an address may be a proxy that hides all the world; if "
             "nothing else comes, the log and postern status say so."},
};

} // namespace

std::span<const Setting> trust_settings()
{
    return trust_rows;
}

} // namespace postern
