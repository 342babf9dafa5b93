#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr std::string_view roles[] = {"inbound", "submission", "both"};
constexpr std::string_view submission_clients[] = {"trusted", "all"};

constexpr Setting milterd_rows[] = {
    {.section = "milterd", .name = "listen",
     .target = [](Config& c) -> Target { return &c.milterd.listen; },
     .fallback = "unix:/var/spool/postfix/postern/milter",
     .text = "Where Postfix finds the daemon, written as policyd.listen is.",
     .check = check_socket, .instance_fallback = "unix:/var/spool/postfix/postern/milter-%i", .restart = true,
     .required = true},
    {.section = "milterd", .name = "socket_mode",
     .target = [](Config& c) -> Target { return Octal{&c.milterd.socket_mode}; },
     .fallback = "0660",
     .text = "The mode of the Unix socket, as chmod(1) takes it.",
     .low = "0", .high = "0777", .restart = true},
    {.section = "milterd", .name = "socket_group",
     .target = [](Config& c) -> Target { return &c.milterd.socket_group; },
     .fallback = "postfix",
     .text = "The group of the Unix socket and of the directory made for it; empty: the daemon's own.",
     .check = check_account, .restart = true},
    {.section = "milterd", .name = "user",
     .target = [](Config& c) -> Target { return &c.milterd.user; },
     .fallback = "postern",
     .text = "Who the daemon becomes when root starts it; empty: whoever starts it.",
     .check = check_account, .restart = true},
    {.section = "milterd", .name = "group",
     .target = [](Config& c) -> Target { return &c.milterd.group; },
     .fallback = "postern",
     .text = "The daemon's group, whose members may use the control socket; empty: the user's own.",
     .check = check_account, .restart = true},
    {.section = "milterd", .name = "control",
     .target = [](Config& c) -> Target { return &c.milterd.control; },
     .fallback = "/run/postern/milterd.control",
     .text = "The control socket, which postern(1) talks to; empty: none.",
     .check = check_socket_path, .instance_fallback = "/run/postern/milterd-%i.control", .restart = true},
    {.section = "milterd", .name = "metrics",
     .target = [](Config& c) -> Target { return &c.milterd.metrics; },
     .fallback = "",
     .text = "Where Prometheus asks, as policyd.metrics. An instance has one of its own, or none.",
     .check = check_socket, .restart = true, .own = true},
    {.section = "milterd", .name = "max_connections",
     .target = [](Config& c) -> Target { return &c.milterd.max_connections; },
     .fallback = "2000",
     .text = "How many connections are served at a time; mail on one above the limit is deferred (451 4.7.1).",
     .low = "1", .high = "100000", .restart = true},
    {.section = "milterd", .name = "deadline",
     .target = [](Config& c) -> Target { return &c.milterd.deadline; },
     .fallback = "120s",
     .text = "The longest time that the end of one message may take: scan, key lookups and signatures together. "
             "Postfix's own limit (milter_content_timeout, 300s) must be longer.",
     .low = "5s", .high = "280s"},
    {.section = "milterd", .name = "authserv_id",
     .target = [](Config& c) -> Target { return &c.milterd.authserv_id; },
     .fallback = "",
     .text = "Our name in Authentication-Results (RFC 8601); empty: the host's name. Fields that come with this name "
             "are forged and are removed, so all our hosts may share one.",
     .check = check_domain},
    {.section = "milterd", .name = "role",
     .target = [](Config& c) -> Target { return &c.milterd.role; },
     .fallback = "both",
     .text = "inbound: judges mail and signs none. submission: signs mail of our own and judges none, for a listener that "
             "strangers do not use. both: mail of our own (trust.networks, logins, dkim.daemon_names, dkim.our_macros) is "
             "signed, all other is judged. Scanned for viruses is mail in each role.",
     .words = roles},
    {.section = "milterd", .name = "submission_clients",
     .target = [](Config& c) -> Target { return &c.milterd.submission_clients; },
     .fallback = "trusted",
     .text = "Whose mail is our own with role = \"submission\": trusted: as with both; all: every client's, also without "
             "a login. Only for a listener that lets nobody else in.",
     .words = submission_clients},
    {.section = "milterd", .name = "returning_daemon_names",
     .target = [](Config& c) -> Target { return &c.milterd.returning_daemon_names; },
     .fallback = "",
     .text = "Listeners by which a content filter gives mail back, by their -o milter_macro_daemon_name: such mail was "
             "here before. It is neither judged nor signed, wherever it comes from. Better still the listener shows us "
             "nothing: -o receive_override_options=no_milters."},
    {.section = "milterd", .name = "ignored_clients",
     .target = [](Config& c) -> Target { return &c.milterd.ignored_clients; },
     .fallback = "",
     .text = "Clients whose mail is not looked at: neither scanned, judged nor signed. Written as trust.networks are.",
     .check = check_network},
    {.section = "milterd", .name = "max_spooled",
     .target = [](Config& c) -> Target { return Octets{&c.milterd.max_spooled}; },
     .fallback = "256M",
     .text = "How much of messages may be held for the scan at one time, in memory; a message above it is deferred.",
     .low = "1M", .high = "64G"},
    {.section = "milterd", .name = "max_spooled_messages",
     .target = [](Config& c) -> Target { return &c.milterd.max_spooled_messages; },
     .fallback = "1000",
     .text = "How many messages may be held so at one time, each with a descriptor; one above it is deferred.",
     .low = "1", .high = "100000"},
};

} // namespace

std::span<const Setting> milterd_settings()
{
    return milterd_rows;
}

} // namespace postern
