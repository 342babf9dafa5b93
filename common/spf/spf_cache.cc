#include "common/spf/spf_cache.h"

#include "common/spf/received_spf.h"

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

void write_key(std::string& key, const IpAddress& client, std::string_view domain)
{
    const auto& octets = client.octets();
    key.assign(client.is_v4() ? "4" : "6");
    key.append(reinterpret_cast<const char*>(octets.data()), client.is_v4() ? 4 : 16);
    key.append(domain);
}

} // namespace

SpfCache::SpfCache(Resolver& resolver, SpfLimits limits, Options options)
    : resolver_(resolver)
    , limits_(limits)
    , options_(std::move(options))
    , answers_(options_.capacity)
{
}

std::uint64_t SpfCache::look_ahead(const IpAddress& client, std::string_view domain)
{
    write_key(key_, client, domain);
    return answers_.look_ahead(key_);
}

const SharedSpfAnswer* SpfCache::look_ahead(std::uint64_t hash)
{
    const auto* const kept = answers_.look_ahead(hash);
    return kept ? &kept->answer : nullptr;
}

SharedSpfAnswer SpfCache::known(const IpAddress& client, std::string_view domain, std::uint64_t hash)
{
    write_key(key_, client, domain);
    const auto* kept = answers_.find(key_, hash);
    if (!kept || options_.now() >= kept->until)
        return nullptr;
    ++hits_;
    return kept->answer;
}

asio::awaitable<SharedSpfAnswer> SpfCache::check_host(SpfQuery query, Deadline deadline)
{
    if (auto answer = known(query.ip, query.domain))
        co_return answer;
    ++misses_;
    const auto client = query.ip;
    const auto domain = query.domain;
    Watch watch(resolver_);
    auto answer = co_await postern::check_host(watch, std::move(query), limits_, deadline);
    const auto lifetime = watch.lifetime();
    if (options_.capacity == 0 || lifetime.count() <= 0 || answer.result == SpfResult::temperror)
        co_return std::make_shared<const SpfAnswer>(std::move(answer));

    prepare_received_spf(client, domain, answer);
    auto shared = std::make_shared<const SpfAnswer>(std::move(answer));
    write_key(key_, client, domain);
    answers_.put(key_, {shared, options_.now() + lifetime});
    co_return shared;
}

} // namespace postern
