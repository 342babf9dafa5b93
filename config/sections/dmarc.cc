#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting dmarc_rows[] = {
    {.section = "dmarc", .name = "enable",
     .target = [](Config& c) -> Target { return &c.dmarc.enable; },
     .fallback = "true",
     .text = "Find the policy of the author's domain, and say in Authentication-Results whether the mail passes. "
             "Needs spf.enable and dkim.verify: without one of them, nothing is said."},
    {.section = "dmarc", .name = "observe",
     .target = [](Config& c) -> Target { return &c.dmarc.observe; },
     .fallback = "false",
     .text = "Decide, log and count, but refuse nothing and write nothing into Authentication-Results."},
    {.section = "dmarc", .name = "reject",
     .target = [](Config& c) -> Target { return &c.dmarc.reject; },
     .fallback = "accept",
     .text = "What becomes of mail that fails where the domain's policy is reject. The default is to say so in the "
             "header only, for mailing lists and forwarders make good mail fail; reject follows the policy (550 "
             "5.7.26). A domain that is testing (t=y) has its policy lowered by one step."},
    {.section = "dmarc", .name = "quarantine",
     .target = [](Config& c) -> Target { return &c.dmarc.quarantine; },
     .fallback = "accept",
     .text = "The same where the policy is quarantine. quarantine is Postfix's hold queue, which somebody must look "
             "after; accept leaves it to a filter that reads Authentication-Results."},
    {.section = "dmarc", .name = "bad_from",
     .target = [](Config& c) -> Target { return &c.dmarc.bad_from; },
     .fallback = "accept",
     .text = "What becomes of mail that has no author to judge: no From field, several, one that cannot be read, or "
             "authors of several domains. It never passes DMARC."},
    {.section = "dmarc", .name = "temperror",
     .target = [](Config& c) -> Target { return &c.dmarc.temperror; },
     .fallback = "accept",
     .text = "What becomes of mail whose policy, or result, the DNS does not say now. defer lets it come again (451 "
             "4.7.5)."},
    {.section = "dmarc", .name = "deadline",
     .target = [](Config& c) -> Target { return &c.dmarc.deadline; },
     .fallback = "20s",
     .text = "The longest time for finding the policy, from the end of the header.",
     .low = "1s", .high = "120s"},
};

} // namespace

std::span<const Setting> dmarc_settings()
{
    return dmarc_rows;
}

} // namespace postern
