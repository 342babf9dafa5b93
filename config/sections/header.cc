#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting header_rows[] = {
    {.section = "header", .name = "observe",
     .target = [](Config& c) -> Target { return &c.header.observe; },
     .fallback = "false",
     .text = "Decide, log and count, but refuse nothing."},
    {.section = "header", .name = "malformed",
     .target = [](Config& c) -> Target { return &c.header.malformed; },
     .fallback = "accept",
     .text = "What becomes of a stranger's mail whose header breaks RFC 5322 3.6: no From or Date field, or more "
             "than one From, Date, Sender, Reply-To, To, Cc, Bcc, Message-ID, In-Reply-To, References or Subject. "
             "Readers differ in which of two they show. reject is 550 5.6.0."},
    {.section = "header", .name = "max_size",
     .target = [](Config& c) -> Target { return Octets{&c.header.max_size}; },
     .fallback = "1M",
     .text = "The largest header, in octets; mail with a larger one is refused (552 5.3.4): half a header cannot be "
             "judged.",
     .low = "64K", .high = "16M", .restart = true},
    {.section = "header", .name = "max_fields",
     .target = [](Config& c) -> Target { return &c.header.max_fields; },
     .fallback = "10000",
     .text = "The most fields that a header may have, likewise.",
     .low = "100", .high = "100000", .restart = true},
};

} // namespace

std::span<const Setting> header_settings()
{
    return header_rows;
}

} // namespace postern
