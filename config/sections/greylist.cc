#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting table[] = {
    {.section = "greylist", .name = "enable",
     .target = [](Config& c) -> Target { return &c.greylist.enable; },
     .fallback = "true",
     .text = "Greylist at all."},
    {.section = "greylist", .name = "observe",
     .target = [](Config& c) -> Target { return &c.greylist.observe; },
     .fallback = "false",
     .text = "Decide, log, count and remember, but defer nothing."},
    {.section = "greylist", .name = "delay",
     .target = [](Config& c) -> Target { return &c.greylist.delay; },
     .fallback = "5m",
     .text = "How long an unknown mail has to wait before its next try is let in.",
     .low = "1s", .high = "1d"},
    {.section = "greylist", .name = "retry_window",
     .target = [](Config& c) -> Target { return &c.greylist.retry_window; },
     .fallback = "2d",
     .text = "A mail that does not come again in this time is unknown once more.",
     .low = "1m", .high = "30d"},
    {.section = "greylist", .name = "max_age",
     .target = [](Config& c) -> Target { return &c.greylist.max_age; },
     .fallback = "35d",
     .text = "What has been let in once is known until nothing of it has been seen for this long.",
     .low = "1h", .high = "3650d"},
    {.section = "greylist", .name = "auto_whitelist_after",
     .target = [](Config& c) -> Target { return &c.greylist.auto_whitelist_after; },
     .fallback = "5",
     .text = "A client that has brought this many mails through is not greylisted any more; 0: it always is.",
     .low = "0", .high = "1000"},
    {.section = "greylist", .name = "ipv4_prefix",
     .target = [](Config& c) -> Target { return &c.greylist.ipv4_prefix; },
     .fallback = "24",
     .text = "Clients that share this many leading bits of an IPv4 address are one client.",
     .low = "8", .high = "32"},
    {.section = "greylist", .name = "ipv6_prefix",
     .target = [](Config& c) -> Target { return &c.greylist.ipv6_prefix; },
     .fallback = "64",
     .text = "The same for IPv6 addresses.",
     .low = "16", .high = "128"},
    {.section = "greylist", .name = "text",
     .target = [](Config& c) -> Target { return &c.greylist.text; },
     .fallback = "Greylisted, please try again in %s seconds",
     .text = "What a client is told that has to wait: %s is the seconds left, %r the recipient's domain.",
     .check = check_template<'s', 'r'>, .required = true},
    {.section = "greylist", .name = "header",
     .target = [](Config& c) -> Target { return &c.greylist.header; },
     .fallback = "X-Greylist: delayed %t seconds by postern-%v at %h; %d",
     .text = "The header field of a mail that had to wait, once a message: %t is the seconds it waited, %v the "
             "version, %h the host's name, %d the date; empty: none.",
     .check = check_header_template},
    {.section = "greylist", .name = "database",
     .target = [](Config& c) -> Target { return &c.greylist.database; },
     .fallback = "/var/lib/postern/greylist.sqlite",
     .text = "The file that remembers. The daemon's user must be able to write it and its directory.",
     .check = check_path, .restart = true, .required = true},
    {.section = "greylist", .name = "cache_size",
     .target = [](Config& c) -> Target { return &c.greylist.cache_size; },
     .fallback = "100000",
     .text = "How many of its rows are kept in memory, too.",
     .low = "0", .high = "10000000", .restart = true},
};

} // namespace

std::span<const Setting> greylist_settings()
{
    return table;
}

} // namespace postern
