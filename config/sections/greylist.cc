#include "common/dnsbl/site.h"
#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr std::string_view client_parts[] = {"network", "address"};
constexpr std::string_view stores[] = {"sqlite", "redis"};
constexpr std::string_view occasions[] = {"always", "suspicious"};
constexpr std::string_view signs[] = {"no_reverse_name", "dynamic_name", "dnsbl_score", "spf_not_pass"};

constexpr Setting greylist_rows[] = {
    {.section = "greylist", .name = "enable",
     .target = [](Config& c) -> Target { return &c.greylist.enable; },
     .fallback = "true",
     .text = "Greylist at all."},
    {.section = "greylist", .name = "observe",
     .target = [](Config& c) -> Target { return &c.greylist.observe; },
     .fallback = "false",
     .text = "Decide, log, count and remember, but defer nothing."},
    {.section = "greylist", .name = "when",
     .target = [](Config& c) -> Target { return &c.greylist.when; },
     .fallback = "always",
     .text = "Whose mail is greylisted: everybody's who is not exempt, or only what shows one of the signs below.",
     .words = occasions},
    {.section = "greylist", .name = "suspicious",
     .target = [](Config& c) -> Target { return &c.greylist.suspicious; },
     .fallback = "no_reverse_name dynamic_name dnsbl_score spf_not_pass",
     .text = "What is a sign: the client has no verified name; its name looks like one of an address that a provider "
             "lends out; the DNS lists give it suspicious_score or more; SPF does not say pass. What was not asked, "
             "because the check does not come before greylisting, is none.",
     .words = signs},
    {.section = "greylist", .name = "suspicious_score",
     .target = [](Config& c) -> Target { return &c.greylist.suspicious_score; },
     .fallback = "1",
     .text = "The score of the DNS lists from which on a client is suspicious.",
     .low = "-10000", .high = "10000"},
    {.section = "greylist", .name = "listed_domains_only",
     .target = [](Config& c) -> Target { return &c.greylist.listed_domains_only; },
     .fallback = "false",
     .text = "Greylist only the recipients of the domains that have a [[greylist.domain]]."},
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
    {.section = "greylist", .name = "auto_whitelist_by",
     .target = [](Config& c) -> Target { return &c.greylist.auto_whitelist_by; },
     .fallback = "network",
     .text = "What is counted for auto_whitelist_after: the client's network, as the prefixes above have it, or, as "
             "postgrey does it, its address.",
     .words = client_parts},
    {.section = "greylist", .name = "spf_key",
     .target = [](Config& c) -> Target { return &c.greylist.spf_key; },
     .fallback = "true",
     .text = "Where SPF passes by ip4, ip6, a or mx, the sender's domain stands for the client: a retry from any other "
             "of its servers counts, and so does what they have brought through. What is known by the network goes on "
             "counting. Wants the check spf before greylist."},
    {.section = "greylist", .name = "client_lists",
     .target = [](Config& c) -> Target { return &c.greylist.client_lists; },
     .fallback = "/etc/postgrey/whitelist_clients /etc/postgrey/whitelist_clients.local",
     .text = "Files that list clients which are never greylisted, one a line, as postgrey has them: a domain (with the "
             "hosts below it, by the verified name), an address or network, the first two or three octets of an IPv4 "
             "address, or a /regular expression/ for the name. A change is noticed within seconds; a file with a fault "
             "is not taken. Missing may be only the two files of this default and those whose names end in .local.",
     .check = check_path},
    {.section = "greylist", .name = "clients",
     .target = [](Config& c) -> Target { return &c.greylist.clients; },
     .fallback = "",
     .text = "More of the same, here.",
     .check = check_client_entry},
    {.section = "greylist", .name = "recipient_lists",
     .target = [](Config& c) -> Target { return &c.greylist.recipient_lists; },
     .fallback = "/etc/postgrey/whitelist_recipients /etc/postgrey/whitelist_recipients.local",
     .text = "Files that list recipients whose mail is never greylisted, one a line, as postgrey has them: a domain "
             "(with those below it), user@ of any domain, user@domain, or a /regular expression/ for the address. The "
             "rest as for client_lists.",
     .check = check_path},
    {.section = "greylist", .name = "recipients",
     .target = [](Config& c) -> Target { return &c.greylist.recipients; },
     .fallback = "postmaster@ abuse@",
     .text = "More of the same, here.",
     .check = check_address_entry},
    {.section = "greylist", .name = "sender_lists",
     .target = [](Config& c) -> Target { return &c.greylist.sender_lists; },
     .fallback = "",
     .text = "Files that list senders, in the same format, whose mail is never greylisted if SPF passes for it: a "
             "sender address alone proves nothing.",
     .check = check_path},
    {.section = "greylist", .name = "senders",
     .target = [](Config& c) -> Target { return &c.greylist.senders; },
     .fallback = "",
     .text = "More of the same, here.",
     .check = check_address_entry},
    {.section = "greylist", .name = "spf_domains",
     .target = [](Config& c) -> Target { return &c.greylist.spf_domains; },
     .fallback = "",
     .text = "A client that may send for one of these domains, by the domain's own SPF record, does not wait, whatever "
             "the sender is. They are asked about, in this order, only for mail that would have to wait; at most 20.",
     .check = check_domain},
    {.section = "greylist", .name = "allow_zones",
     .target = [](Config& c) -> Target { return &c.greylist.allow_zones; },
     .fallback = "",
     .text = "DNS lists of good clients, as zone or zone=filter, such as list.dnswl.org: who is on one of them does not "
             "wait. Asked only for mail that would have to wait; at most 5. Answers that mean an error never count.",
     .check = check_dnsbl_site},
    {.section = "greylist", .name = "action",
     .target = [](Config& c) -> Target { return &c.greylist.action; },
     .fallback = "defer_if_permit",
     .text = "What Postfix is told to do with mail that has to wait, as in access(5): defer_if_permit, defer, "
             "defer_if_reject, or a code such as 451.",
     .check = check_defer_action, .required = true},
    {.section = "greylist", .name = "text",
     .target = [](Config& c) -> Target { return &c.greylist.text; },
     .fallback = "Greylisted, please try again in %s seconds",
     .text = "What a client is told that has to wait: %s is the seconds left, %r the recipient's domain. 4.2.0 goes "
             "before it, unless it begins with a status of its own, such as 4.7.1.",
     .check = check_defer_template, .required = true},
    {.section = "greylist", .name = "header",
     .target = [](Config& c) -> Target { return &c.greylist.header; },
     .fallback = "X-Greylist: delayed %t seconds by postern-%v at %h; %d",
     .text = "The header field of a mail that had to wait, once a message: %t is the seconds it waited, %v the "
             "version, %h the host's name, %d the date; empty: none.",
     .check = check_header_template},
    {.section = "greylist", .name = "hostname",
     .target = [](Config& c) -> Target { return &c.greylist.hostname; },
     .fallback = "",
     .text = "%h of the header; empty: the host's name.",
     .check = check_domain},
    {.section = "greylist", .name = "postgrey_log",
     .target = [](Config& c) -> Target { return &c.greylist.postgrey_log; },
     .fallback = "false",
     .text = "Log each answer once more, as event=postgrey with line= in postgrey's own words, for scripts that read "
             "those."},
    {.section = "greylist", .name = "store",
     .target = [](Config& c) -> Target { return &c.greylist.store; },
     .fallback = "sqlite",
     .text = "What remembers: a file of this host, or a Redis that several hosts share, as [redis] has it. A mail that one "
             "of them has put off is then let in by any of them.",
     .words = stores, .restart = true},
    {.section = "greylist", .name = "database",
     .target = [](Config& c) -> Target { return &c.greylist.database; },
     .fallback = "/var/lib/postern/greylist.sqlite",
     .text = "The file that remembers, with store = \"sqlite\". The daemon's user must be able to write it and its directory.",
     .check = check_path, .restart = true, .required = true},
    {.section = "greylist", .name = "cache_size",
     .target = [](Config& c) -> Target { return &c.greylist.cache_size; },
     .fallback = "30000",
     .text = "How many of its rows are kept in memory, too.",
     .low = "0", .high = "10000000", .restart = true},
    {.section = "greylist", .name = "max_size",
     .target = [](Config& c) -> Target { return Octets{&c.greylist.max_size}; },
     .fallback = "4G",
     .text = "How large the file may become; ten million mails take about 1.5G. When it is nearly so, nothing new is "
             "learned, unknown mail passes, and old rows go early until there is room.",
     .low = "16M", .high = "1024G", .restart = true},

    {.section = "greylist.domain", .name = "domain",
     .target = [](Config& c) -> Target { return &c.greylist.domains.back().domain; },
     .fallback = "",
     .text = "The domain of the recipients; those below it, too.",
     .check = check_domain, .example = "example.org", .required = true, .key = true},
    {.section = "greylist.domain", .name = "enable",
     .target = [](Config& c) -> Target { return &c.greylist.domains.back().enable; },
     .fallback = "true",
     .text = "Greylist their mail at all."},
    {.section = "greylist.domain", .name = "delay",
     .target = [](Config& c) -> Target { return &c.greylist.domains.back().delay; },
     .fallback = "0s",
     .text = "How long their mail has to wait; 0s: as greylist.delay has it.",
     .low = "0s", .high = "1d"},
};

} // namespace

std::span<const Setting> greylist_settings()
{
    return greylist_rows;
}

} // namespace postern
