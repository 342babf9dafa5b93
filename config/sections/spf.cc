#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting spf_rows[] = {
    {.section = "spf", .name = "enable",
     .target = [](Config& c) -> Target { return &c.spf.enable; },
     .fallback = "true",
     .text = "Ask for SPF at all."},
    {.section = "spf", .name = "observe",
     .target = [](Config& c) -> Target { return &c.spf.observe; },
     .fallback = "false",
     .text = "Decide, log and count, but refuse nothing and add no header. postern-milterd leaves spf= out of "
             "Authentication-Results then; DMARC goes by it all the same."},
    {.section = "spf", .name = "helo",
     .target = [](Config& c) -> Target { return &c.spf.helo; },
     .fallback = "fail",
     .text = "Refuse the mail if the SPF result of the HELO name is this or worse. no_mail refuses a fail of names "
             "whose record is \"-all\" and nothing else; not_pass refuses neutral, too; null_sender refuses a fail of "
             "mail without a sender only; never asks and says, and refuses nothing; unchecked does not ask. No result "
             "ever refuses a domain without an SPF record."},
    {.section = "spf", .name = "mail_from",
     .target = [](Config& c) -> Target { return &c.spf.mail_from; },
     .fallback = "fail",
     .text = "The same for the domain of the sender address. Mail without a sender has the HELO name in its place "
             "(RFC 7208 2.4), and the stricter of both settings counts."},
    {.section = "spf", .name = "not_pass_domains",
     .target = [](Config& c) -> Target { return &c.spf.not_pass_domains; },
     .fallback = "",
     .text = "Sender domains for which softfail and neutral refuse as fail does: those that you know to send from "
             "their own servers alone, and that are forged often. example.org is that domain, .example.org all below "
             "it.",
     .check = check_domain_entry},
    {.section = "spf", .name = "reject_permerror",
     .target = [](Config& c) -> Target { return &c.spf.reject_permerror; },
     .fallback = "false",
     .text = "Refuse mail of a domain whose SPF record has an error (5.7.24); false: say so in the header."},
    {.section = "spf", .name = "defer_temperror",
     .target = [](Config& c) -> Target { return &c.spf.defer_temperror; },
     .fallback = "false",
     .text = "Let the mail come again if the DNS does not answer (4.7.24); false: say so in the header."},
    {.section = "spf", .name = "exempt_helo_names",
     .target = [](Config& c) -> Target { return &c.spf.exempt_helo_names; },
     .fallback = "",
     .text = "HELO names of forwarders: where SPF would refuse a client that calls itself so and whose address the "
             "name has in the DNS, it lets it be. Clients known by their address or verified name belong in "
             "trust.relays.",
     .check = check_domain_entry},
    {.section = "spf", .name = "exempt_spf_domains",
     .target = [](Config& c) -> Target { return &c.spf.exempt_spf_domains; },
     .fallback = "",
     .text = "Domains of forwarders: where SPF would refuse a client, it lets it be if the SPF record of one of these "
             "domains passes it. Each is looked up as a sender's is, so at most 50.",
     .check = check_domain},
    {.section = "spf", .name = "exempt_sender_domains",
     .target = [](Config& c) -> Target { return &c.spf.exempt_sender_domains; },
     .fallback = "",
     .text = "Sender domains that SPF never refuses. Anybody can write such a sender: a last resort for a record that "
             "is wrong.",
     .check = check_domain_entry},
    {.section = "spf", .name = "exempt_deadline",
     .target = [](Config& c) -> Target { return &c.spf.exempt_deadline; },
     .fallback = "10s",
     .text = "The longest time for finding out whether a client is exempt, within policyd.deadline. If the DNS does "
             "not say, a refusal becomes a temporary one.",
     .low = "1s", .high = "90s"},
    {.section = "spf", .name = "header",
     .target = [](Config& c) -> Target { return &c.spf.header; },
     .fallback = "received_spf",
     .text = "The header field that says the result, once a message: Received-SPF (RFC 7208), "
             "Authentication-Results (RFC 8601) or none. The second is not for a host where postern-milterd runs, "
             "which writes that field itself and removes what bears its name."},
    {.section = "spf", .name = "skipped_header",
     .target = [](Config& c) -> Target { return &c.spf.skipped_header; },
     .fallback = "false",
     .text = "Add an X-Comment header field to mail that is not judged, because its client is trusted or exempt."},
    {.section = "spf", .name = "authserv_id",
     .target = [](Config& c) -> Target { return &c.spf.authserv_id; },
     .fallback = "",
     .text = "The name that Authentication-Results bears; empty: the host's name. That of postern-milterd is "
             "milterd.authserv_id.",
     .check = check_domain},
    {.section = "spf", .name = "hide_receiver",
     .target = [](Config& c) -> Target { return &c.spf.hide_receiver; },
     .fallback = "false",
     .text = "Leave our own name out of Received-SPF."},
    {.section = "spf", .name = "text",
     .target = [](Config& c) -> Target { return &c.spf.text; },
     .fallback = "Message {action} due to: SPF {result} - {reason}",
     .text = "What a client is told that SPF refuses: {action} is rejected or deferred, {result} the result, {reason} "
             "the domain's own explanation or what went wrong, {identity} HELO or MAIL FROM, {domain} what was asked "
             "for, {client} the client's address, {receiver} our own name.",
     .check = check_spf_template, .required = true},
    {.section = "spf", .name = "enhanced_status_codes",
     .target = [](Config& c) -> Target { return &c.spf.enhanced_status_codes; },
     .fallback = "true",
     .text = "Refuse with the codes of RFC 7372 (5.7.23, 5.7.24, 4.7.24); false: with 5.7.1 and 4.7.1."},
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
    return spf_rows;
}

} // namespace postern
