#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting clamav_rows[] = {
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
     .text = "Where clamd listens: its LocalSocket, or inet:HOST:PORT. Of several, those that are ready take turns, and a "
             "scan that fails at one is tried at another. A host's name is looked up in /etc/hosts and the DNS, each "
             "of its addresses is tried.",
     .check = check_socket, .required = true},
    {.section = "clamav", .name = "infected",
     .target = [](Config& c) -> Target { return &c.clamav.infected; },
     .fallback = "reject",
     .text = "What becomes of an infected mail. One that trust.relays brought is put in quarantine (Postfix's hold "
             "queue) instead of being refused: the refusal would make a bounce to a forged sender. discard loses mail "
             "without a word to anyone."},
    {.section = "clamav", .name = "suspicious",
     .target = [](Config& c) -> Target { return &c.clamav.suspicious; },
     .fallback = "accept",
     .text = "What becomes of a mail in which clamd found what is not a virus for sure: unwanted programs, guesses, limits "
             "of clamd that were exceeded. accept marks it in the log and, by clamav.header, in its header."},
    {.section = "clamav", .name = "suspicious_names",
     .target = [](Config& c) -> Target { return &c.clamav.suspicious_names; },
     .fallback = "PUA. Heuristics.",
     .text = "How the names of such finds begin. Case matters, as it does to clamd.",
     .check = check_signature_name},
    {.section = "clamav", .name = "failure",
     .target = [](Config& c) -> Target { return &c.clamav.failure; },
     .fallback = "defer",
     .text = "What becomes of a mail that clamd could not scan."},
    {.section = "clamav", .name = "own_failure",
     .target = [](Config& c) -> Target { return &c.clamav.own_failure; },
     .fallback = "same",
     .text = "The same for mail of our own clients (trust.networks, logins), which mail programs show as an error where "
             "another server would try again. same: as clamav.failure says."},
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
    {.section = "clamav", .name = "header",
     .target = [](Config& c) -> Target { return &c.clamav.header; },
     .fallback = "found",
     .text = "Which header fields a mail gets. found: X-Virus-Status where something was found, or the mail goes on without a "
             "scan; such fields that it came with are removed. replace: X-Virus-Scanned and X-Virus-Status on every "
             "mail, in the place of those it came with. add: on top of them. none: no field is added or removed. Where "
             "that breaks a DKIM signature, which is one that names the field, the log says so."},
    {.section = "clamav", .name = "hostname",
     .target = [](Config& c) -> Target { return &c.clamav.hostname; },
     .fallback = "",
     .text = "Our name in X-Virus-Scanned; empty: the host's name.",
     .check = check_domain},
    {.section = "clamav", .name = "log_recipients",
     .target = [](Config& c) -> Target { return &c.clamav.log_recipients; },
     .fallback = "found",
     .text = "Write a log line for each recipient, too (event=recipient): where something was found, of every mail, or "
             "never. Whatever is set, the mail's own line has the verdict."},
    {.section = "clamav", .name = "exempt_clients",
     .target = [](Config& c) -> Target { return &c.clamav.exempt_clients; },
     .fallback = "",
     .text = "Clients whose mail is not scanned: written as trust.networks is, and local for mail that came by no client "
             "(sendmail(1), bounces).",
     .check = check_exempt_client},
    {.section = "clamav", .name = "exempt_lists",
     .target = [](Config& c) -> Target { return &c.clamav.exempt_lists; },
     .fallback = "",
     .text = "Files that list addresses whose mail is not scanned, in the format of clamav-milter's AllowList: a basic "
             "regular expression a line; From: before it, if it is for the sender, which anybody can forge; To: or "
             "nothing, if it is for recipients, of which then all must match.",
     .check = check_path},
    {.section = "clamav", .name = "exempt_logins",
     .target = [](Config& c) -> Target { return &c.clamav.exempt_logins; },
     .fallback = "",
     .text = "Clients whose mail is not scanned, by the name they logged in with: names, or /regexp/ (Perl's syntax, without "
             "regard to case).",
     .check = check_login_entry},
    {.section = "clamav", .name = "exempt_login_lists",
     .target = [](Config& c) -> Target { return &c.clamav.exempt_login_lists; },
     .fallback = "",
     .text = "Files with such names, one a line; lines that begin with #, : or ! are comments.",
     .check = check_path},
};

} // namespace

std::span<const Setting> clamav_settings()
{
    return clamav_rows;
}

} // namespace postern
