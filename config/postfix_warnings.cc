#include "config/postfix_warnings.h"

#include "common/network_list.h"
#include "config/old_programs.h"
#include "config/signing_keys.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace postern {
namespace {

using Lines = std::vector<std::string>;

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

std::string proxy_filter_warning(std::string_view where, std::string_view filter)
{
    return fmt::format("{}: smtpd_proxy_filter = {}: milters see neither header nor body of this mail.", where, filter);
}

void add_service_warnings(Lines& lines, const PostfixService& service, const Config& config)
{
    const auto option = [&](std::string_view name) -> std::optional<std::string> {
        const auto it = service.options.find(name);
        return it == service.options.end() ? std::nullopt : std::optional(it->second);
    };
    const auto proxy_filter = option("smtpd_proxy_filter"), milters = option("smtpd_milters");
    if (proxy_filter && !proxy_filter->empty())
        lines.push_back(proxy_filter_warning("master.cf: " + service.text(), *proxy_filter));

    // A listener that switches the content filter off takes mail back from it.
    const bool takes_back = option("content_filter") == "" || proxy_filter == "";
    const bool asks_milters = milters != "" && !contains(option("receive_override_options").value_or(""), "no_milters");
    const auto& known = config.milterd.returning_daemon_names;
    const bool is_known = std::find(known.begin(), known.end(), option("milter_macro_daemon_name")) != known.end();
    if (takes_back && asks_milters && !is_known)
        lines.push_back(fmt::format("master.cf: {} takes mail back from a content filter, and that mail looks like our "
                                    "own there: its receive_override_options need no_milters, too; or a "
                                    "milter_macro_daemon_name that is one of milterd.returning_daemon_names.",
                                    service.text()));

    if (milters && !milters->empty() && !contains(*milters, "postern"))
        lines.push_back(fmt::format("master.cf: {} has smtpd_milters of its own, so its mail does not come to us.",
                                    service.text()));
}

} // namespace

Lines postfix_warnings(const PostfixConfig& postfix, const Config& config)
{
    Lines lines;
    if (const auto filter = postfix.value("smtpd_proxy_filter"); !filter.empty())
        lines.push_back(proxy_filter_warning("main.cf", filter));
    for (const auto& service : postfix.services)
        if (service.program == "smtpd")
            add_service_warnings(lines, service, config);
    if (postfix.value("milter_default_action") == "accept")
        lines.emplace_back("milter_default_action = accept: when a milter other than ours is down, mail passes it "
                           "unseen.");
    if (postfix.value("smtpd_forbid_bare_newline") == "no")
        lines.emplace_back("smtpd_forbid_bare_newline = no: one message can be smuggled in as two, the second past all "
                           "checks. Set it to normalize.");
    if (postfix.value("smtpd_hard_error_limit") == "1" && why_not_ours(config, Duty::greylist).empty())
        lines.emplace_back("smtpd_hard_error_limit = 1: a recipient who is greylisted ends the session for all the "
                           "others.");
    return lines;
}

Lines chroot_warnings(const PostfixConfig& postfix, const std::string& socket_path, const Config& config)
{
    Lines lines;
    const bool is_milter = config.policyd.listen != "unix:" + socket_path; // cleanup(8) asks those alone
    const auto queue = postfix.value("queue_directory");
    for (const auto& service : postfix.services)
        if (service.is_chrooted && (service.program == "smtpd" || (is_milter && service.program == "cleanup")))
            lines.push_back(fmt::format("{0} is out of reach of {1}, which is chrooted to {2}: let the daemon listen "
                                        "below that, such as in {2}/postern.",
                                        socket_path, service.text(), queue));
    return lines;
}

Lines postfix_remarks(const PostfixConfig& postfix, const Config& config)
{
    Lines lines;
    if (const auto protocol = postfix.value("milter_protocol"); !protocol.empty() && protocol != "6")
        lines.push_back(fmt::format("Take out milter_protocol = {}: Postfix's own default, 6, is right.", protocol));
    for (const auto& service : postfix.services)
        if (service.program == "spawn" && contains(service.name, "spf") && why_not_ours(config, Duty::spf).empty())
            lines.push_back(fmt::format("May go from master.cf: {0} (postconf -MX {0})", service.text()));

    const auto trusted = NetworkList::parse(config.trust.networks);
    for (const auto& item : split_postfix_list(postfix.value("mynetworks"))) {
        if (item.find("/") == 0 || item.find(":/") != item.npos)
            lines.push_back(fmt::format("mynetworks reads {}: what stands there and not in trust.networks is not signed.",
                                        item));
        if (const auto network = parse_ip_network(item); network && trusted && !trusted->contains(network->address))
            lines.push_back(
                fmt::format("mynetworks has {}, and trust.networks has not: its mail is not signed.", item));
    }

    const bool signs = config.dkim.sign && has_signing_keys(config.dkim);
    if (signs && !contains(postfix.value("internal_mail_filter_classes"), "bounce"))
        lines.emplace_back("To sign bounces, too: internal_mail_filter_classes = bounce");
    return lines;
}

} // namespace postern
