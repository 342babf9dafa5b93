#include "milterd/dmarc_tree_walk.h"

#include "common/pending.h"
#include "common/text.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <utility>

namespace postern {
namespace {

using PendingReply = std::shared_ptr<Pending<DnsReply>>;

asio::awaitable<DnsReply> ask_for_txt(Resolver& resolver, std::string name, Deadline deadline)
{
    co_return co_await resolver.lookup(std::move(name), RrType::txt, deadline);
}

// RFC 9989 4.10, steps 2 and 6
DmarcStep step_of(std::string domain, const DnsReply& reply)
{
    DmarcStep step{std::move(domain), reply.status == DnsStatus::tempfail, {}};
    if (reply.status != DnsStatus::found)
        return step;
    bool is_one_of_several = false;
    for (const auto& text : reply.records) {
        auto record = parse_dmarc_record(text);
        is_one_of_several = is_one_of_several || (record && step.record);
        if (record)
            step.record = std::move(record);
    }
    if (is_one_of_several)
        step.record.reset();
    return step;
}

bool ends_walk(const DmarcStep& step)
{
    return step.is_unknown || (step.record && step.record->psd != DmarcRecord::Psd::unknown);
}

// The domain one label below `above`, on the way to `domain`.
std::string one_label_below(std::string_view domain, std::string_view above)
{
    const auto rest = domain.substr(0, domain.size() - above.size() - 1); // without the dot between them
    const auto dot = rest.rfind('.');
    return std::string(domain.substr(dot == rest.npos ? 0 : dot + 1));
}

} // namespace

std::vector<std::string> dmarc_walk_domains(std::string_view domain)
{
    constexpr std::size_t most_labels = 7; // after the first step
    std::vector<std::string> domains{std::string(domain)};
    auto left = static_cast<std::size_t>(std::count(domain.begin(), domain.end(), '.')); // labels, the first one taken
    for (auto dot = domain.find('.'); dot != domain.npos; dot = domain.find('.', dot + 1), --left)
        if (left <= most_labels)
            domains.emplace_back(domain.substr(dot + 1));
    return domains;
}

asio::awaitable<DmarcWalk> walk_dmarc_tree(Resolver& resolver, std::string domain, Deadline deadline)
{
    const auto executor = co_await asio::this_coro::executor;
    auto domains = dmarc_walk_domains(domain);
    std::vector<PendingReply> replies;
    for (const auto& each : domains) {
        auto reply = std::make_shared<Pending<DnsReply>>();
        replies.push_back(reply);
        asio::co_spawn(executor, ask_for_txt(resolver, "_dmarc." + each, deadline),
                       [reply](const std::exception_ptr& fault, DnsReply answer) {
                           reply->complete(fault ? DnsReply{} : std::move(answer));
                       });
    }
    DmarcWalk walk;
    for (std::size_t at = 0; at < domains.size(); ++at) {
        const auto reply = co_await Pending<DnsReply>::wait(replies[at], deadline);
        walk.push_back(step_of(std::move(domains[at]), reply ? *reply : DnsReply{}));
        if (ends_walk(walk.back()))
            break;
    }
    co_return walk;
}

std::optional<std::string> organizational_domain(const DmarcWalk& walk)
{
    const auto& start = walk.front().domain;
    const std::string* last = nullptr;
    for (const auto& step : walk) {
        if (step.is_unknown)
            return std::nullopt;
        if (!step.record)
            continue;
        if (step.record->psd == DmarcRecord::Psd::no)
            return step.domain;
        if (step.record->psd == DmarcRecord::Psd::yes && step.domain != start)
            return one_label_below(start, step.domain);
        last = &step.domain;
    }
    return last ? *last : start;
}

} // namespace postern
