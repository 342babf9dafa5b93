// master.cf: which ports there are, and the processes behind them. No chroot: the container is one.
// And another, for the time in which the container ends: the same ports, but nobody new gets in.
#include "common/text.h"
#include "container/drain.h"
#include "container/plan.h"
#include "container/restrictions.h"

#include <fmt/ranges.h>

namespace postern {
namespace {

constexpr std::string_view inner_services = R"(pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
        -o syslog_name=postfix/$service_name
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
)";

enum class Phase { open, closing };

std::string option_line(std::string_view option)
{
    return fmt::format("        -o {}\n", option);
}

// RFC 5321 3.8: 421, at once, and before anybody is asked about the client.
std::string refusal()
{
    return option_line("smtpd_delay_reject=no") + option_line("smtpd_peername_lookup=no")
        + option_line("{ smtpd_client_restrictions = check_client_access static:{421 4.3.2 This server is going down} }")
        + option_line(drain_mark);
}

std::string listener(Phase phase, std::string_view port, const std::vector<std::string>& options = {})
{
    auto text = fmt::format("{:<9} inet  n       -       n       -       -       smtpd\n", port);
    for (const auto& option : options)
        text += option_line(option);
    return phase == Phase::open ? text : text + refusal();
}

std::string inner(Phase phase)
{
    if (phase == Phase::open)
        return std::string(inner_services);
    std::string text;
    for (const auto line : split(inner_services, '\n')) {
        const auto program = line.substr(line.rfind(' ') + 1);
        const bool delivers = program == "smtp" || program == "lmtp" || program == "local" || program == "virtual";
        if (!line.empty())
            text += concat({line, "\n", delivers ? option_line(drain_mark) : ""});
    }
    return text;
}

// Mail of people: encrypted, logged in, and of nobody else.
std::vector<std::string> login_options(const Plan& plan, std::string_view name)
{
    const auto who = fmt::format("{}", fmt::join(login_restrictions(plan), ", "));
    return {fmt::format("syslog_name=postfix/{}", name),
            "smtpd_sasl_auth_enable=yes",
            "smtpd_tls_auth_only=yes",
            "smtpd_helo_restrictions=",
            fmt::format("{{ smtpd_relay_restrictions = {} }}", who),
            fmt::format("{{ smtpd_recipient_restrictions = {} }}", who),
            "milter_macro_daemon_name=ORIGINATING"};
}

std::string relay_ports(const Plan& plan, Phase phase)
{
    std::vector<std::string> options;
    if (plan.values.flag("POSTFIX_PROXY_PROTOCOL", false))
        options.emplace_back("smtpd_upstream_proxy_protocol=haproxy");
    return listener(phase, "smtp", options) + listener(phase, "submission", {"syslog_name=postfix/submission"})
        + listener(phase, "2525", {"syslog_name=postfix/2525"});
}

// postscreen(8) closes its port at a reload and passes on whom it still looks at: their sessions are let in.
std::string gateway_port_25(const Plan& plan, Phase phase)
{
    std::string text = "smtp      inet  n       -       n       -       1       postscreen\n";
    if (phase == Phase::closing)
        text = plan.values.flag("POSTFIX_PROXY_PROTOCOL", false) ? listener(phase, "smtp", {"smtpd_upstream_proxy_protocol=haproxy"})
                                                                 : listener(phase, "smtp");
    text += "smtpd     pass  -       -       n       -       -       smtpd\n";
    return phase == Phase::closing ? text + option_line("max_use=1") : text; // it ends with its session
}

std::string gateway_ports(const Plan& plan, Phase phase)
{
    auto text = gateway_port_25(plan, phase)
        + "dnsblog   unix  -       -       n       -       0       dnsblog\n"
          "tlsproxy  unix  -       -       n       -       0       tlsproxy\n";
    const bool has_submission = plan.values.flag("ENABLE_SUBMISSION_PORT", false);
    const bool has_smtps = plan.values.flag("ENABLE_SMTPS_PORT", false);
    if (has_submission) {
        auto options = login_options(plan, "submission");
        options.emplace_back("smtpd_tls_security_level=encrypt");
        text += listener(phase, "submission", options);
    }
    if (has_smtps) {
        auto options = login_options(plan, "smtps");
        options.emplace_back("smtpd_tls_wrappermode=yes");
        text += listener(phase, "465", options);
    }
    if ((has_submission || has_smtps) && !plan.has_logins() && phase == Phase::open)
        plan.warn("ENABLE_SUBMISSION_PORT, ENABLE_SMTPS_PORT: nobody can log in: SMTPD_USERS is not set");
    return text;
}

} // namespace

void render_master_cf(const Plan& plan)
{
    for (const auto& [path, phase] : {std::pair{plan.in_postfix("master.cf"), Phase::open},
                                      {std::string(closing_master_cf), Phase::closing}})
        plan.image.files.push_back({path, "# Written at the start of the container from its environment.\n"
                                        + (plan.is_relay() ? relay_ports(plan, phase) : gateway_ports(plan, phase)) + inner(phase)});
}

} // namespace postern
