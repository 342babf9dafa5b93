#include "policyd/greylist_redis.h"
#include "policyd/greylist_sqlite.h"
#include "test/fake/fake_clock.h"
#include "test/scratch_folder.h"
#include "test/scratch_redis.h"

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <doctest/doctest.h>
#include <map>
#include <random>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr int mails = 800;

const GreylistPolicy policy{5min, 48h, 24h * 35, 2};

// Both stores side by side, asked of the same mails at the same time.
class Stores {
public:
    Stores()
    {
        clock_.set(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
        GreylistRedisOptions options;
        options.redis.servers = {server_.address()};
        options.redis.times = {20s, 20s};
        options.prefix = "g:";
        options.policy = policy;
        redis_.emplace(io_, clock_, std::move(options));
        sqlite_.emplace(io_, clock_, GreylistSqliteOptions{folder_ / "greylist", 3, 0, policy, 0s, {}});
    }

    // What each says: "new", "client AWL", ...
    std::pair<std::string, std::string> mail(const GreylistKeys& keys)
    {
        return {ask(*sqlite_, keys), ask(*redis_, keys)};
    }

    void advance(std::chrono::seconds time) { clock_.advance(time); }
    void settle()
    {
        turn_until([&] { return redis_->state().waiting_writes == 0 && sqlite_->state().waiting_writes == 0; });
    }

private:
    std::string ask(GreylistStore& store, const GreylistKeys& keys)
    {
        auto result = asio::co_spawn(io_, store.find(keys, std::chrono::steady_clock::now() + 20s), asio::use_future);
        turn_until([&] { return result.wait_for(0s) == std::future_status::ready; });
        const auto rows = result.get();
        if (!rows)
            return "error: " + rows.error().what;
        const auto decision = greylist_decide(*rows, !keys.domain.empty(), clock_.now(), policy);
        store.apply(keys.network, decision.writes.network);
        if (!keys.domain.empty())
            store.apply(keys.domain, decision.writes.domain);
        return greylist_reason(decision);
    }

    void turn_until(const std::function<bool()>& done)
    {
        const auto limit = std::chrono::steady_clock::now() + 60s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > limit)
                FAIL("waited in vain: ", redis_->state().trouble, sqlite_->state().trouble);
            io_.restart();
            io_.run_for(1ms);
        }
    }

    ScratchFolder folder_;
    ScratchRedis server_;
    asio::io_context io_;
    FakeClock clock_;
    std::optional<GreylistRedis> redis_;
    std::optional<GreylistSqlite> sqlite_;
};

GreylistKeyPair pair(const std::string& client, const std::string& sender)
{
    GreylistKeyPair keys;
    keys.assign(client, "/" + sender + "@example.net/user@example.org");
    return keys;
}

} // namespace

TEST_CASE("both stores of the greylist say the same of the same mails")
{
    Stores stores;
    std::mt19937 random(6647);
    const auto chosen = [&](const auto& all) { return all[random() % std::size(all)]; };
    const char* const clients[] = {"192.0.2.0", "198.51.100.0", "203.0.113.0"};
    const char* const domains[] = {"", "", "@a.example", "@b.example"};
    const char* const senders[] = {"a", "b", "c"};
    const std::chrono::seconds pauses[] = {0s, 0s, 1s, 60s, 299s, 300s, 301s, 3599s, 1h, 24h, 47h, 49h, 24h * 34, 24h * 36, -40s};
    std::map<std::string, int> said;
    for (int i = 0; i < mails; ++i) {
        CAPTURE(i);
        const std::string domain = chosen(domains), sender = chosen(senders);
        GreylistKeys keys{pair(chosen(clients), sender), {}};
        if (!domain.empty())
            keys.domain = pair(domain, sender);
        const auto [sqlite, redis] = stores.mail(keys);
        REQUIRE(sqlite == redis);
        ++said[sqlite.substr(0, sqlite.find(' '))];
        if (random() % 4 == 0)
            stores.settle();
        stores.advance(chosen(pauses));
    }
    for (const auto* word : {"new", "early-retry", "triplet", "client"})
        CHECK(said[word] > mails / 40);
    CHECK(said.size() == 4);
}

} // namespace postern
