#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting table[] = {
    {.section = "clamav", .name = "enable",
     .target = [](Config& c) -> Target { return &c.clamav.enable; },
     .fallback = "false",
     .text = "Scan at all. Off until you say so: without a clamd(8) to ask, all mail would be deferred."},
    {.section = "clamav", .name = "observe",
     .target = [](Config& c) -> Target { return &c.clamav.observe; },
     .fallback = "false",
     .text = "Scan, log and count, but let every mail pass."},
    {.section = "clamav", .name = "clamd",
     .target = [](Config& c) -> Target { return &c.clamav.clamd; },
     .fallback = "unix:/run/clamav/clamd.ctl",
     .text = "Where clamd listens: its LocalSocket, or inet:HOST:PORT.",
     .check = check_socket, .required = true},
    {.section = "clamav", .name = "infected",
     .target = [](Config& c) -> Target { return &c.clamav.infected; },
     .fallback = "reject",
     .text = "What becomes of an infected mail. One that trust.relays brought is put in quarantine (Postfix's hold "
             "queue) instead of being refused: the refusal would make a bounce to a forged sender. discard loses mail "
             "without a word to anyone."},
    {.section = "clamav", .name = "failure",
     .target = [](Config& c) -> Target { return &c.clamav.failure; },
     .fallback = "defer",
     .text = "What becomes of a mail that clamd could not scan."},
    {.section = "clamav", .name = "max_size",
     .target = [](Config& c) -> Target { return Octets{&c.clamav.max_size}; },
     .fallback = "25M",
     .text = "A larger mail is not scanned. Not above clamd's own MaxFileSize (clamd.conf(5), Debian: 25M): clamd "
             "calls a larger file clean without reading it.",
     .low = "1K", .high = "2G"},
    {.section = "clamav", .name = "oversize",
     .target = [](Config& c) -> Target { return &c.clamav.oversize; },
     .fallback = "accept",
     .text = "What becomes of such a larger mail."},
    {.section = "clamav", .name = "wait",
     .target = [](Config& c) -> Target { return &c.clamav.wait; },
     .fallback = "10s",
     .text = "How long a mail waits for a clamd that cannot be reached.",
     .low = "0s", .high = "280s"},
    {.section = "clamav", .name = "reload_wait",
     .target = [](Config& c) -> Target { return &c.clamav.reload_wait; },
     .fallback = "60s",
     .text = "How long it waits for one that takes the connection and is silent, as while it loads its signatures.",
     .low = "0s", .high = "280s"},
    {.section = "clamav", .name = "text",
     .target = [](Config& c) -> Target { return &c.clamav.text; },
     .fallback = "The message is infected: %v",
     .text = "What the client of a refused mail is told: %v is the name of the virus.",
     .check = check_template<'v'>, .required = true},
};

} // namespace

std::span<const Setting> clamav_settings()
{
    return table;
}

} // namespace postern
