#include "config/postfix_entries.h"

#include "common/socket_address.h"
#include "config/policy_places.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

namespace postern {
namespace {

using std::chrono::seconds;

constexpr seconds policy_margin{10}; // Postfix waits longer than the daemon may take
constexpr seconds milter_margin{60};
constexpr seconds shortest_content_timeout{300}; // milter_content_timeout's own default

// "unix:postern/policy", "local:/var/spool/postfix/postern/milter": where our daemons' sockets are, whatever they are called.
bool is_in_our_folder(std::string_view address)
{
    const auto path = address.substr(address.find(':') + 1);
    const auto folder = path.substr(0, std::min(path.rfind('/'), path.size()));
    return (address.starts_with("unix:") || address.starts_with("local:")) && path.size() != folder.size()
        && folder.substr(folder.rfind('/') + 1) == "postern";
}

} // namespace

PostfixEntries::PostfixEntries(const Config& config, std::string queue_directory, PostfixWay way)
    : config_(config)
    , queue_(std::move(queue_directory))
    , way_(way)
{
}

std::string PostfixEntries::endpoint(const std::string& listen)
{
    auto address = parse_socket_address(listen).value_or(SocketAddress{}); // the table has checked it
    if (address.host == "0.0.0.0" || address.host == "::")
        address.host = address.host == "::" ? "::1" : "127.0.0.1";
    auto text = address.text();
    if (address.is_unix()) {
        if (address.path.starts_with(queue_ + "/"))
            text = "unix:" + address.path.substr(queue_.size() + 1);
        else
            outside_.insert(address.path);
    }
    endpoints_.push_back(text);
    return text;
}

std::string PostfixEntries::policy(const Policy& policy) const
{
    auto context = fmt::format("{}", fmt::join(policy.checks, "+"));
    if (observes())
        context += context.empty() ? "observe" : "+observe";
    const bool is_guard = policy.is_guard && !observes();
    return fmt::format("{{ {}, timeout={}s, {}{} }}", policy.endpoint, (config_.policyd.deadline + policy_margin).count(),
                       is_guard ? "{ default_action = 451 4.3.0 Recipients cannot be verified at present }"
                                : "default_action=DUNNO",
                       context.empty() ? "" : ", policy_context=" + context);
}

std::string PostfixEntries::milter(const MilterdSettings& milterd)
{
    const auto content_timeout = std::max(milterd.deadline + milter_margin, shortest_content_timeout);
    return fmt::format("{{ {}, connect_timeout=10s, content_timeout={}s, default_action={} }}", endpoint(milterd.listen),
                       content_timeout.count(), observes() ? "accept" : "tempfail");
}

bool PostfixEntries::is_ours(std::string_view entry) const
{
    const auto address = parse_policy_service(entry).address; // which a milter's entry has in the same place
    return is_in_our_folder(address) || std::find(endpoints_.begin(), endpoints_.end(), address) != endpoints_.end();
}

// Is this entry ours from before, or that of a program whose work is ours now?
PostfixEntries::Fate PostfixEntries::fate(const std::string& entry, const OldProgram* old)
{
    if (is_ours(entry))
        return Fate::goes;
    if (!old)
        return Fate::stays;
    const auto why_not = why_not_ours(config_, old->duty);
    if (!why_not.empty()) {
        remark(fmt::format("Stays: {} ({}); {}.", entry, old->name, why_not));
        return Fate::stays;
    }
    if (observes()) {
        remark(fmt::format("Observed: {} ({}); [{}] will do its work.", entry, old->name, section_of(old->duty)));
        return Fate::beside;
    }
    remark(fmt::format("Taken out: {} ({}); [{}] does its work.", entry, old->name, section_of(old->duty)));
    return Fate::goes;
}

void PostfixEntries::remark(std::string text)
{
    if (std::find(remarks_.begin(), remarks_.end(), text) == remarks_.end())
        remarks_.push_back(std::move(text));
}

} // namespace postern
