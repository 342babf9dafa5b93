#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting table[] = {
    {.section = "spf", .name = "enable",
     .target = [](Config& c) -> Target { return &c.spf.enable; },
     .fallback = "true",
     .text = "Ask for SPF at all."},
    {.section = "spf", .name = "observe",
     .target = [](Config& c) -> Target { return &c.spf.observe; },
     .fallback = "false",
     .text = "Decide, log and count, but refuse nothing and add no header."},
    {.section = "spf", .name = "helo",
     .target = [](Config& c) -> Target { return &c.spf.helo; },
     .fallback = "fail",
     .text = "Refuse the mail if the SPF result of the HELO name is this or worse. not_pass refuses neutral, too; no "
             "result ever refuses a domain without an SPF record."},
    {.section = "spf", .name = "mail_from",
     .target = [](Config& c) -> Target { return &c.spf.mail_from; },
     .fallback = "fail",
     .text = "The same for the domain of the sender address."},
    {.section = "spf", .name = "reject_permerror",
     .target = [](Config& c) -> Target { return &c.spf.reject_permerror; },
     .fallback = "false",
     .text = "Refuse mail of a domain whose SPF record has an error (5.7.24); false: say so in the header."},
    {.section = "spf", .name = "defer_temperror",
     .target = [](Config& c) -> Target { return &c.spf.defer_temperror; },
     .fallback = "false",
     .text = "Let the mail come again if the DNS does not answer (4.7.24); false: say so in the header."},
    {.section = "spf", .name = "header",
     .target = [](Config& c) -> Target { return &c.spf.header; },
     .fallback = "true",
     .text = "Add a Received-SPF header field, once a message."},
    {.section = "spf", .name = "void_lookups",
     .target = [](Config& c) -> Target { return &c.spf.void_lookups; },
     .fallback = "2",
     .text = "How many lookups of one record may find nothing before it counts as broken (RFC 7208 4.6.4).",
     .low = "0", .high = "10"},
    {.section = "spf", .name = "deadline",
     .target = [](Config& c) -> Target { return &c.spf.deadline; },
     .fallback = "20s",
     .text = "The longest time for one identity, within policyd.deadline; then the result is temperror.",
     .low = "1s", .high = "90s"},
    {.section = "spf", .name = "receiver",
     .target = [](Config& c) -> Target { return &c.spf.receiver; },
     .fallback = "",
     .text = "Our own name in the header and for the senders' explanations; empty: the host's name.",
     .check = check_domain},
};

} // namespace

std::span<const Setting> spf_settings()
{
    return table;
}

} // namespace postern
