#include "milterd/dmarc_policy.h"

#include "common/pending.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <utility>

namespace postern {
namespace {

using PendingWalk = std::shared_ptr<Pending<DmarcWalk>>;

const DmarcStep* find_record(const DmarcWalk& walk, std::string_view domain)
{
    const auto it = std::find_if(walk.begin(), walk.end(), [&](const DmarcStep& step) {
        return step.domain == domain && step.record;
    });
    return it == walk.end() ? nullptr : &*it;
}

const DmarcStep* find_public_suffix(const DmarcWalk& walk)
{
    const auto& last = walk.back(); // which such a record ends
    return last.record && last.record->psd == DmarcRecord::Psd::yes ? &last : nullptr;
}

// RFC 9989 4.10.1: of the author domain, else of its organization, else of the public suffix above that
const DmarcStep* find_policy(const DmarcWalk& walk, const std::optional<std::string>& organization)
{
    if (const auto* step = find_record(walk, walk.front().domain))
        return step;
    if (!organization)
        return nullptr;
    const auto* step = find_record(walk, *organization);
    return step != nullptr ? step : find_public_suffix(walk);
}

// RFC 9989 A.4: a name exists unless the DNS says NXDOMAIN. Nothing: it does not say now.
asio::awaitable<std::optional<bool>> name_exists(Resolver& resolver, std::string domain, Deadline deadline)
{
    const auto reply = co_await resolver.lookup(std::move(domain), RrType::a, deadline);
    switch (reply.status) {
    case DnsStatus::found:
    case DnsStatus::nodata:
        co_return true;
    case DnsStatus::nxdomain:
        co_return false;
    case DnsStatus::tempfail:
        break;
    }
    co_return std::nullopt;
}

// Which of the record's policies is for the author. The domain need not exist, and only np= asks whether it does.
asio::awaitable<void> choose_policy(Resolver& resolver, DmarcDiscovery& found, Deadline deadline)
{
    const auto& record = found.record;
    found.policy = record.policy;
    if (found.record_domain == found.author_domain)
        co_return;
    if (record.nonexistent_policy) {
        const auto is_there = co_await name_exists(resolver, found.author_domain, deadline);
        if (!is_there) {
            found.status = DmarcDiscovery::Status::unknown;
            co_return;
        }
        if (!*is_there) {
            found.policy_tag = "np";
            found.policy = *record.nonexistent_policy;
            co_return;
        }
    }
    if (record.subdomain_policy) {
        found.policy_tag = "sp";
        found.policy = *record.subdomain_policy;
    }
}

PendingWalk start_walk(const asio::any_io_executor& executor, Resolver& resolver, const std::string& domain,
                       Deadline deadline)
{
    auto walk = std::make_shared<Pending<DmarcWalk>>();
    asio::co_spawn(executor, walk_dmarc_tree(resolver, domain, deadline),
                   [walk, domain](const std::exception_ptr& fault, DmarcWalk answer) {
                       walk->complete(fault ? DmarcWalk{{domain, true, {}}} : std::move(answer));
                   });
    return walk;
}

// Of those below the author's organization alone: an organizational domain is the name itself or one above
// it, so that no other name can share the author's.
asio::awaitable<void> find_organizations(Resolver& resolver, DmarcDiscovery& found,
                                         std::vector<std::string> identifiers, Deadline deadline)
{
    const auto executor = co_await asio::this_coro::executor;
    std::vector<std::pair<std::string, PendingWalk>> walks;
    for (auto& identifier : identifiers) {
        if (identifier == found.author_domain || !is_same_or_below(identifier, *found.author_organization)
            || !found.organizations.try_emplace(identifier).second)
            continue;
        auto walk = start_walk(executor, resolver, identifier, deadline);
        walks.emplace_back(std::move(identifier), std::move(walk));
    }
    for (const auto& [identifier, pending] : walks) {
        const auto walk = co_await Pending<DmarcWalk>::wait(pending, deadline);
        if (walk)
            found.organizations[identifier] = organizational_domain(*walk);
    }
}

} // namespace

bool is_same_or_below(std::string_view name, std::string_view domain)
{
    if (name.size() <= domain.size())
        return name == domain;
    return name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.';
}

asio::awaitable<DmarcDiscovery> discover_dmarc(Resolver& resolver, std::string author_domain,
                                               std::vector<std::string> identifiers, Deadline deadline)
{
    DmarcDiscovery found;
    found.author_domain = std::move(author_domain);
    const auto walk = co_await walk_dmarc_tree(resolver, found.author_domain, deadline);
    found.author_organization = organizational_domain(walk);
    const auto* step = find_policy(walk, found.author_organization);
    if (step == nullptr) {
        found.status = found.author_organization ? DmarcDiscovery::Status::none : DmarcDiscovery::Status::unknown;
        co_return found;
    }
    found.status = DmarcDiscovery::Status::found;
    found.record = *step->record;
    found.record_domain = step->domain;
    co_await choose_policy(resolver, found, deadline);
    const bool is_strict = found.record.is_dkim_strict && found.record.is_spf_strict;
    if (found.author_organization && !is_strict)
        co_await find_organizations(resolver, found, std::move(identifiers), deadline);
    co_return found;
}

} // namespace postern
