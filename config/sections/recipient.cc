#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

Result<> check_delimiters(std::string_view text)
{
    if (text.size() > 10 || text.find_first_not_of("+-=._#~!*/") != std::string_view::npos)
        return fail("\"{}\" is not a delimiter such as + or -", text);
    return {};
}

Result<> check_refusal_text(std::string_view text)
{
    return text.find('%') == std::string_view::npos ? check_template(text, "")
                                                    : fail("holds a %, which stands for nothing here");
}

constexpr Setting recipient_rows[] = {
    {.section = "recipient", .name = "enable",
     .target = [](Config& c) -> Target { return &c.recipient.enable; },
     .fallback = "true",
     .text = "Ask at all."},
    {.section = "recipient", .name = "observe",
     .target = [](Config& c) -> Target { return &c.recipient.observe; },
     .fallback = "false",
     .text = "Decide, log and count, but refuse nothing."},
    {.section = "recipient", .name = "unknown",
     .target = [](Config& c) -> Target { return &c.recipient.unknown; },
     .fallback = "reject",
     .text = "What becomes of mail to who does not exist: reject says 550 5.1.1, defer says 450 4.1.1 and lets the mail "
             "come again."},
    {.section = "recipient", .name = "unavailable",
     .target = [](Config& c) -> Target { return &c.recipient.unavailable; },
     .fallback = "defer",
     .text = "What becomes of mail to who is not remembered while the directory cannot say: defer says 450 4.3.0, reject "
             "550 5.3.0, pass takes the mail."},
    {.section = "recipient", .name = "text",
     .target = [](Config& c) -> Target { return &c.recipient.text; },
     .fallback = "User unknown",
     .text = "The text of a refusal. Postfix puts the recipient before it.",
     .check = check_refusal_text, .required = true},
    {.section = "recipient", .name = "delimiters",
     .target = [](Config& c) -> Target { return &c.recipient.delimiters; },
     .fallback = "",
     .text = "Postfix's recipient_delimiter: any of these characters begins an extension. user+extension exists, too, if "
             "user does.",
     .check = check_delimiters},
    {.section = "recipient", .name = "access",
     .target = [](Config& c) -> Target { return &c.recipient.access; },
     .fallback = "",
     .text = "A table as access(5) has it, for recipients: its text, no map made of it. What it says goes before the "
             "directories: user@domain, domain and those below it, .domain for those below it alone, @domain for it "
             "alone, user@. OK: the recipient exists. It is read again when it changes.",
     .check = check_path},
    {.section = "recipient", .name = "exists_ttl",
     .target = [](Config& c) -> Target { return &c.recipient.exists_ttl; },
     .fallback = "6h",
     .text = "How long it is remembered that an address exists.",
     .low = "0s", .high = "30d"},
    {.section = "recipient", .name = "unknown_ttl",
     .target = [](Config& c) -> Target { return &c.recipient.unknown_ttl; },
     .fallback = "60s",
     .text = "How long it is remembered that one does not: a new mailbox has to wait so long.",
     .low = "0s", .high = "1d"},
    {.section = "recipient", .name = "stale_ttl",
     .target = [](Config& c) -> Target { return &c.recipient.stale_ttl; },
     .fallback = "7d",
     .text = "How long what was known to exist goes on to do so while the directory cannot say.",
     .low = "0s", .high = "365d"},
    {.section = "recipient", .name = "cache_size",
     .target = [](Config& c) -> Target { return &c.recipient.cache_size; },
     .fallback = "50000",
     .text = "How many addresses are remembered; about 200 octets each.",
     .low = "0", .high = "10000000"},
    {.section = "recipient", .name = "harvest_limit",
     .target = [](Config& c) -> Target { return &c.recipient.harvest_limit; },
     .fallback = "50",
     .text = "A stranger's network (IPv4 /24, IPv6 /64) that has named more unknown recipients within harvest_window is "
             "told 450 for all, unknown or not, until it is over: who tries addresses learns nothing. 0: never.",
     .low = "0", .high = "1000000"},
    {.section = "recipient", .name = "harvest_window",
     .target = [](Config& c) -> Target { return &c.recipient.harvest_window; },
     .fallback = "10m",
     .text = "The time in which they are counted.",
     .low = "1s", .high = "1d"},
};

} // namespace

std::span<const Setting> recipient_settings()
{
    return recipient_rows;
}

} // namespace postern
