#include "common/spf/spf_cache.h"

#include "common/text.h"

#include <algorithm>
#include <optional>

namespace postern {
namespace {

// Passes questions on, and notes what says how long, and for whom, the answers hold.
class Watch final : public Resolver {
public:
    explicit Watch(Resolver& resolver)
        : resolver_(resolver)
    {
    }

    asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline deadline) override
    {
        auto reply = co_await resolver_.lookup(std::move(name), type, deadline);
        shortest_ttl_ = std::min(shortest_ttl_.value_or(reply.ttl), reply.ttl);
        has_failure_ |= reply.status == DnsStatus::tempfail;
        if (type == RrType::txt)
            has_macro_ |= std::any_of(reply.records.begin(), reply.records.end(), [](const std::string& record) {
                return record.find('%') != std::string::npos;
            });
        co_return reply;
    }

    // Zero: no longer than for this query.
    std::chrono::seconds lifetime() const
    {
        return has_failure_ || has_macro_ ? std::chrono::seconds(0) : shortest_ttl_.value_or(std::chrono::seconds(0));
    }

private:
    Resolver& resolver_;
    std::optional<std::chrono::seconds> shortest_ttl_;
    bool has_failure_ = false;
    bool has_macro_ = false;
};

std::string key_of(const SpfQuery& query)
{
    const auto& octets = query.ip.octets();
    const std::string_view client(reinterpret_cast<const char*>(octets.data()), query.ip.is_v4() ? 4 : 16);
    return concat({query.ip.is_v4() ? "4" : "6", client, query.domain});
}

} // namespace

SpfCache::SpfCache(Resolver& resolver, SpfLimits limits, Options options)
    : resolver_(resolver)
    , limits_(limits)
    , options_(std::move(options))
    , answers_(options_.capacity)
{
}

asio::awaitable<SharedSpfAnswer> SpfCache::check_host(SpfQuery query, Deadline deadline)
{
    auto key = key_of(query);
    if (const auto* kept = answers_.find(key); kept && options_.now() < kept->until) {
        ++hits_;
        co_return kept->answer;
    }
    ++misses_;
    Watch watch(resolver_);
    const auto answer = std::make_shared<const SpfAnswer>(
        co_await postern::check_host(watch, std::move(query), limits_, deadline));
    const auto lifetime = watch.lifetime();
    if (options_.capacity > 0 && lifetime.count() > 0 && answer->result != SpfResult::temperror)
        answers_.put(key, {answer, options_.now() + lifetime});
    co_return answer;
}

} // namespace postern
