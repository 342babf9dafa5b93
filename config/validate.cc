#include "config/validate.h"

#include "common/ip_address.h"
#include "config/signing_keys.h"
#include "config/validate_dnsbl.h"
#include "config/validate_ldap.h"
#include "config/validate_redis.h"

#include <algorithm>
#include <tuple>

namespace postern {
namespace {

SettingOrigin origin_of(const ConfigCandidate& candidate, std::string_view path, std::string_view name)
{
    const auto it = candidate.origins.find(name);
    return it == candidate.origins.end() ? SettingOrigin{0, fmt::format("{}: {}", path, name)} : it->second;
}

// Says it of the one of the two settings that somebody has set.
SettingOrigin origin_of(const ConfigCandidate& candidate, std::string_view path, std::string_view name,
                        std::string_view other)
{
    return origin_of(candidate, path, candidate.origins.contains(name) ? name : other);
}

void validate_log(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    if (c.config.log.target == LogTarget::file && c.config.log.path.empty())
        problems.faults.push_back({origin_of(c, path, "log.target"), "file wants log.path, too"});
    if (c.config.log.target != LogTarget::file && !c.config.log.path.empty())
        problems.warnings.push_back({origin_of(c, path, "log.path"), "is not used: log.target is not file"});
}

void validate_trust(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    const std::pair<std::string_view, const Texts&> lists[] = {{"trust.networks", c.config.trust.networks},
                                                               {"trust.relays", c.config.trust.relays}};
    for (const auto& list : lists)
        for (const auto& entry : list.second)
            if (const auto network = parse_ip_network(entry); network && network->prefix == 0)
                problems.warnings.push_back({origin_of(c, path, list.first),
                                             fmt::format("{} trusts all the world: nobody is judged", entry)});
}

void validate_policyd(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    const auto& checks = c.config.policyd.checks;
    for (auto it = checks.begin(); it != checks.end(); ++it)
        if (std::find(checks.begin(), it, *it) != it)
            problems.faults.push_back({origin_of(c, path, "policyd.checks"), fmt::format("names {} twice", *it)});
}

void validate_spf(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    constexpr std::size_t most_domains = 50; // each may ask the DNS ten times and more
    if (const auto count = c.config.spf.exempt_spf_domains.size(); count > most_domains)
        problems.faults.push_back(
            {origin_of(c, path, "spf.exempt_spf_domains"),
             fmt::format("names {} domains, and each is looked up: at most {}", count, most_domains)});
    if (c.config.spf.enable && c.config.spf.deadline > c.config.policyd.deadline)
        problems.warnings.push_back({origin_of(c, path, "spf.deadline", "policyd.deadline"),
                                     fmt::format("spf.deadline ({}s) is cut short by policyd.deadline ({}s)",
                                                 c.config.spf.deadline.count(), c.config.policyd.deadline.count())});
}

void validate_greylist(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    const auto& greylist = c.config.greylist;
    if (greylist.retry_window <= greylist.delay)
        problems.faults.push_back(
            {origin_of(c, path, "greylist.retry_window", "greylist.delay"),
             "greylist.retry_window must be longer than greylist.delay, or no mail gets through"});
    for (const auto& domain : greylist.domains)
        if (greylist.retry_window <= domain.delay)
            problems.faults.push_back({origin_of(c, path, "greylist.retry_window"),
                                       fmt::format("must be longer than the delay of [[greylist.domain]] {}",
                                                   domain.domain)});
    const std::tuple<std::string_view, std::size_t, std::size_t> sizes[] = {
        {"greylist.spf_domains", greylist.spf_domains.size(), 20},
        {"greylist.allow_zones", greylist.allow_zones.size(), 5}};
    for (const auto& size : sizes)
        if (std::get<1>(size) > std::get<2>(size))
            problems.faults.push_back({origin_of(c, path, std::get<0>(size)),
                                       fmt::format("has {} items; at most {} are asked", std::get<1>(size),
                                                   std::get<2>(size))});
    if (greylist.listed_domains_only && greylist.domains.empty())
        problems.warnings.push_back({origin_of(c, path, "greylist.listed_domains_only"),
                                     "is true, but there is no [[greylist.domain]]: nothing is greylisted"});
    if (greylist.max_age < greylist.retry_window)
        problems.faults.push_back({origin_of(c, path, "greylist.max_age", "greylist.retry_window"),
                                   "greylist.max_age must not be shorter than greylist.retry_window"});
}

void validate_dkim(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    const auto& dkim = c.config.dkim;
    if (dkim.key_table.empty() != dkim.signing_table.empty())
        problems.faults.push_back({origin_of(c, path, "dkim.key_table", "dkim.signing_table"),
                                   "dkim.key_table and dkim.signing_table go together: one is missing"});
    if (dkim.sign && c.origins.contains("dkim.sign") && !has_signing_keys(dkim))
        problems.warnings.push_back(
            {origin_of(c, path, "dkim.sign"), "is true, but there is no [[dkim.domain]]: nothing is signed"});
    if (c.config.milterd.role != "submission" && c.origins.contains("milterd.submission_clients"))
        problems.warnings.push_back(
            {origin_of(c, path, "milterd.submission_clients"), "is not used: milterd.role is not submission"});
    if (!dkim.sign && !dkim.domains.empty() && c.instance.empty())
        problems.warnings.push_back(
            {origin_of(c, path, "dkim.sign"), "is false: the keys of [[dkim.domain]] are not used"});
}

void validate_dmarc(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    const auto& dmarc = c.config.dmarc;
    const bool does_something = dmarc.reject != MailAction::accept || dmarc.quarantine != MailAction::accept
        || dmarc.bad_from != MailAction::accept || dmarc.temperror != MailAction::accept;
    if (dmarc.enable && does_something && !(c.config.spf.enable && c.config.dkim.verify))
        problems.faults.push_back(
            {origin_of(c, path, c.config.spf.enable ? "dkim.verify" : "spf.enable", "dmarc.enable"),
             "DMARC needs spf.enable and dkim.verify: without both, no mail is judged as [dmarc] says"});
}

void validate_auth_results(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    const auto& auth_results = c.config.auth_results;
    if (auth_results.remove == RemoveAuthResults::none)
        problems.warnings.push_back({origin_of(c, path, "auth_results.remove"),
                                     "none: anybody can write results under our name, and readers believe them"});
    if (auth_results.remove != RemoveAuthResults::ours && !auth_results.remove_ids.empty())
        problems.warnings.push_back({origin_of(c, path, "auth_results.remove_ids"),
                                     "is not used: auth_results.remove is not ours"});
    if (auth_results.keep_from_relays && c.config.trust.relays.empty())
        problems.warnings.push_back(
            {origin_of(c, path, "auth_results.keep_from_relays"), "is true, but there are no trust.relays"});
}

void validate_clamav(const ConfigCandidate& c, std::string_view path, ConfigProblems& problems)
{
    const auto& clamav = c.config.clamav;
    if (!clamav.enable)
        return;
    constexpr std::size_t most_clamds = 16; // each is asked how it is, every second
    if (clamav.clamd.empty())
        problems.faults.push_back({origin_of(c, path, "clamav.clamd"), "names no clamd to ask"});
    if (clamav.clamd.size() > most_clamds)
        problems.faults.push_back({origin_of(c, path, "clamav.clamd"),
                                   fmt::format("has {} items; at most {} are asked", clamav.clamd.size(), most_clamds)});
    for (auto it = clamav.clamd.begin(); it != clamav.clamd.end(); ++it)
        if (std::find(clamav.clamd.begin(), it, *it) != it)
            problems.warnings.push_back({origin_of(c, path, "clamav.clamd"), fmt::format("names {} twice", *it)});
    const std::pair<std::string_view, std::chrono::seconds> waits[] = {{"clamav.wait", clamav.wait},
                                                                       {"clamav.reload_wait", clamav.reload_wait}};
    for (const auto& [name, wait] : waits)
        if (wait >= c.config.milterd.deadline)
            problems.warnings.push_back({origin_of(c, path, name, "milterd.deadline"),
                                         fmt::format("{} ({}s) is cut short by milterd.deadline ({}s)", name,
                                                     wait.count(), c.config.milterd.deadline.count())});
    if (clamav.max_size > c.config.milterd.max_spooled)
        problems.faults.push_back({origin_of(c, path, "clamav.max_size", "milterd.max_spooled"),
                                   "clamav.max_size must not be above milterd.max_spooled: such a mail could never be "
                                   "scanned"});
}

} // namespace

void validate(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems)
{
    validate_log(candidate, path, problems);
    validate_trust(candidate, path, problems);
    validate_policyd(candidate, path, problems);
    validate_dnsbl(candidate, path, problems);
    validate_ldap(candidate, path, problems);
    validate_spf(candidate, path, problems);
    validate_greylist(candidate, path, problems);
    validate_redis(candidate, path, problems);
    validate_dkim(candidate, path, problems);
    validate_dmarc(candidate, path, problems);
    validate_auth_results(candidate, path, problems);
    validate_clamav(candidate, path, problems);
}

void validate_sockets(const std::vector<ConfigCandidate>& candidates, std::string_view path, ConfigProblems& problems)
{
    struct Socket {
        std::string name, address;
    };
    std::vector<Socket> taken;
    const auto take = [&](const ConfigCandidate& c, const std::string& name, const std::string& address) {
        const auto same = [&](const Socket& socket) { return socket.address == address; };
        const auto other = std::find_if(taken.begin(), taken.end(), same);
        if (other != taken.end() && !address.empty() && address != "unix:")
            problems.faults.push_back(
                {origin_of(c, path, name), fmt::format("{} is the socket of {} already", address, other->name)});
        taken.push_back({c.instance.empty() ? name : fmt::format("{} of instance {}", name, c.instance), address});
    };
    for (const auto& c : candidates) {
        if (c.instance.empty()) {
            take(c, "policyd.listen", c.config.policyd.listen);
            take(c, "policyd.control", "unix:" + c.config.policyd.control);
            take(c, "policyd.metrics", c.config.policyd.metrics);
        }
        take(c, "milterd.listen", c.config.milterd.listen);
        take(c, "milterd.control", "unix:" + c.config.milterd.control);
        take(c, "milterd.metrics", c.config.milterd.metrics);
    }
}

} // namespace postern
