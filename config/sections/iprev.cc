#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting iprev_rows[] = {
    {.section = "iprev", .name = "enable",
     .target = [](Config& c) -> Target { return &c.iprev.enable; },
     .fallback = "false",
     .text = "Say in Authentication-Results whether the client's address has a name that has that address (RFC 8601 "
             "3)."},
    {.section = "iprev", .name = "observe",
     .target = [](Config& c) -> Target { return &c.iprev.observe; },
     .fallback = "false",
     .text = "Look, log and count, but write nothing."},
    {.section = "iprev", .name = "deadline",
     .target = [](Config& c) -> Target { return &c.iprev.deadline; },
     .fallback = "10s",
     .text = "The longest time for it, from the end of the header.",
     .low = "1s", .high = "60s"},
};

} // namespace

std::span<const Setting> iprev_settings()
{
    return iprev_rows;
}

} // namespace postern
