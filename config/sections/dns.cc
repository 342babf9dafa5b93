#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting dns_rows[] = {
    {.section = "dns", .name = "servers",
     .target = [](Config& c) -> Target { return &c.dns.servers; },
     .fallback = "",
     .text = "The DNS servers to ask, such as \"127.0.0.1\", \"127.0.0.1:5353\" or \"[::1]:5353\"; none: those of "
             "/etc/resolv.conf, which a reload reads again. A resolver of your own is best: lists of spammers refuse "
             "the big public ones.",
     .check = check_dns_server},
    {.section = "dns", .name = "timeout",
     .target = [](Config& c) -> Target { return &c.dns.timeout; },
     .fallback = "2s",
     .text = "How long the first try waits for a server's answer. Later tries wait longer.",
     .low = "50ms", .high = "30s"},
    {.section = "dns", .name = "tries",
     .target = [](Config& c) -> Target { return &c.dns.tries; },
     .fallback = "2",
     .text = "How often each server is asked before it counts as silent.",
     .low = "1", .high = "10"},
    {.section = "dns", .name = "cache_size",
     .target = [](Config& c) -> Target { return &c.dns.cache_size; },
     .fallback = "100000",
     .text = "How many answers are kept in memory; 0: none.",
     .low = "0", .high = "10000000"},
    {.section = "dns", .name = "max_ttl",
     .target = [](Config& c) -> Target { return &c.dns.max_ttl; },
     .fallback = "1d",
     .text = "No answer is kept longer than this, whatever its time to live.",
     .low = "0s", .high = "7d"},
};

} // namespace

std::span<const Setting> dns_settings()
{
    return dns_rows;
}

} // namespace postern
