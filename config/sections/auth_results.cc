#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting auth_results_rows[] = {
    {.section = "auth_results", .name = "observe",
     .target = [](Config& c) -> Target { return &c.auth_results.observe; },
     .fallback = "false",
     .text = "Log what would be removed, and neither remove nor write a field."},
    {.section = "auth_results", .name = "remove",
     .target = [](Config& c) -> Target { return &c.auth_results.remove; },
     .fallback = "ours",
     .text = "Which fields of others are removed. ours: those that bear milterd.authserv_id, which nobody else can "
             "rightly have written (RFC 8601 5); all: every one; none: not even those, which lets anybody forge "
             "results."},
    {.section = "auth_results", .name = "remove_ids",
     .target = [](Config& c) -> Target { return &c.auth_results.remove_ids; },
     .fallback = "",
     .text = "More names whose fields are removed: example.org is that name, .example.org all below it.",
     .check = check_domain_entry},
    {.section = "auth_results", .name = "keep_from_relays",
     .target = [](Config& c) -> Target { return &c.auth_results.keep_from_relays; },
     .fallback = "false",
     .text = "Leave the fields of our name in mail of trust.relays: for a backup MX of ours that bears the same "
             "name, and itself removes what is forged."},
    {.section = "auth_results", .name = "queue_id",
     .target = [](Config& c) -> Target { return &c.auth_results.queue_id; },
     .fallback = "false",
     .text = "Add Postfix's queue id to our name, as NAME/ID, so that the field can be found in the log. Fields of "
             "our name are told with or without it."},
    {.section = "auth_results", .name = "header_b",
     .target = [](Config& c) -> Target { return &c.auth_results.header_b; },
     .fallback = "true",
     .text = "Name the start of each DKIM signature (header.b, RFC 6008), by which two of one domain can be told "
             "apart."},
    {.section = "auth_results", .name = "login",
     .target = [](Config& c) -> Target { return &c.auth_results.login; },
     .fallback = "false",
     .text = "Say auth=pass of mail of a client that has logged in, with the name of the login (smtp.auth). Whoever "
             "gets the mail reads that name."},
};

} // namespace

std::span<const Setting> auth_results_settings()
{
    return auth_results_rows;
}

} // namespace postern
