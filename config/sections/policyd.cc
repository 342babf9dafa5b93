#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr std::string_view policy_checks[] = {"dnsbl", "recipient", "spf", "greylist"};

constexpr Setting policyd_rows[] = {
    {.section = "policyd", .name = "listen",
     .target = [](Config& c) -> Target { return &c.policyd.listen; },
     .fallback = "unix:/var/spool/postfix/postern/policy",
     .text = "Where Postfix finds the daemon: unix:PATH, inet:HOST:PORT or inet:[HOST]:PORT. A socket below Postfix's "
             "queue directory is in reach of a chrooted smtpd(8) too.",
     .check = check_socket, .restart = true, .required = true},
    {.section = "policyd", .name = "socket_mode",
     .target = [](Config& c) -> Target { return Octal{&c.policyd.socket_mode}; },
     .fallback = "0660",
     .text = "The mode of the Unix socket, as chmod(1) takes it.",
     .low = "0", .high = "0777", .restart = true},
    {.section = "policyd", .name = "socket_group",
     .target = [](Config& c) -> Target { return &c.policyd.socket_group; },
     .fallback = "postfix",
     .text = "The group of the Unix socket and of the directory made for it; empty: the daemon's own.",
     .check = check_account, .restart = true},
    {.section = "policyd", .name = "user",
     .target = [](Config& c) -> Target { return &c.policyd.user; },
     .fallback = "postern",
     .text = "Who the daemon becomes when root starts it; empty: whoever starts it.",
     .check = check_account, .restart = true},
    {.section = "policyd", .name = "group",
     .target = [](Config& c) -> Target { return &c.policyd.group; },
     .fallback = "postern",
     .text = "The daemon's group, whose members may use the control socket; empty: the user's own.",
     .check = check_account, .restart = true},
    {.section = "policyd", .name = "control",
     .target = [](Config& c) -> Target { return &c.policyd.control; },
     .fallback = "/run/postern/policyd.control",
     .text = "The control socket, which postern(1) talks to; empty: none.",
     .check = check_socket_path, .restart = true},
    {.section = "policyd", .name = "metrics",
     .target = [](Config& c) -> Target { return &c.policyd.metrics; },
     .fallback = "",
     .text = "Where Prometheus, or another program that watches, asks over HTTP: inet:127.0.0.1:9640, unix:PATH or as "
             "policyd.listen; empty: nowhere. /metrics has every number, /healthz says whether the daemon lives, /readyz whether all it does "
             "is ready. Whoever can connect may read; addresses and mail are not shown.",
     .check = check_socket, .restart = true},
    {.section = "policyd", .name = "max_connections",
     .target = [](Config& c) -> Target { return &c.policyd.max_connections; },
     .fallback = "2000",
     .text = "How many connections are served at a time. Postfix keeps one for each smtpd(8) process; beyond the limit "
             "the one that has been idle longest makes way.",
     .low = "1", .high = "100000"},
    {.section = "policyd", .name = "deadline",
     .target = [](Config& c) -> Target { return &c.policyd.deadline; },
     .fallback = "20s",
     .text = "The longest time for one request. Postfix's own limit (smtpd_policy_service_timeout, 100s) must be "
             "longer.",
     .low = "1s", .high = "90s"},
    {.section = "policyd", .name = "checks",
     .target = [](Config& c) -> Target { return &c.policyd.checks; },
     .fallback = "dnsbl recipient spf greylist",
     .text = "What is asked of a recipient, in this order. A refusal ends it; a temporary one is remembered while the "
             "rest is asked. Greylisting belongs last: it is for mail that would otherwise be taken.",
     .words = policy_checks},
};

} // namespace

std::span<const Setting> policyd_settings()
{
    return policyd_rows;
}

} // namespace postern
