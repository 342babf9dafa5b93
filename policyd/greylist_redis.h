// greylist_redis - the greylist of many hosts, in Redis
//
// Each decision is one round trip: the rows of both pairs are asked for at
// once, every one with a command of its own key, so that a Cluster works, and
// what a decision changes is merged there by a script (greylist_redis_rows).
// Nothing is remembered here but what is not known to be written yet: another
// host may have let the mail in a moment ago.
//
// Failure: while Redis is away, or does not take writes, state() says so and
// mail that would have to wait passes; what was to be written then is kept,
// bounded, and written when it is back. It is tried again with growing pauses
// (redis_link), and once a second where it refuses writes.
// Config: [greylist] store; [redis].
#pragma once

#include "common/pending.h"
#include "common/redis/redis_client.h"
#include "policyd/greylist_decision.h"
#include "policyd/greylist_store.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>

namespace postern {

struct GreylistRedisOptions {
    RedisOptions redis;
    std::string prefix;    // of every key
    GreylistPolicy policy; // what is too old
    std::function<void(const std::string& trouble)> on_state; // it broke, and why; or, empty: it works again
};

class GreylistRedis final : public GreylistStore {
public:
    // `io` and `clock` must outlive it. Begins to connect.
    GreylistRedis(asio::io_context& io, const Clock& clock, GreylistRedisOptions options);
    ~GreylistRedis() override;

    using GreylistStore::recall;
    std::optional<GreylistRowPair> recall(const GreylistKeyPair&, const GreylistKeyHashes&) override { return {}; }
    asio::awaitable<Result<GreylistRows>> find(const GreylistKeys& keys, Deadline deadline) override;
    void apply(const GreylistKeyPair& keys, const GreylistRowPair& writes) override;
    GreylistStoreState state() const override;
    void set_policy(const GreylistPolicy& policy) override { options_.policy = policy; }
    void reread() override;

private:
    using Row = std::variant<TripletRow, ClientRow>;
    struct Unwritten {
        std::uint64_t number; // of the newest write of this key
        Row row;
        bool is_sent = false;
    };
    class Question;

    void ask(const std::shared_ptr<Question>& question, const GreylistKeyPair& keys,
             GreylistRowPair GreylistRows::* half);
    template <class T>
    void ask(const std::shared_ptr<Question>& question, const std::string& key, std::optional<T>& row);
    void saw(const RedisReply& reply);
    template <class T>
    bool is_unwritten(const std::string& key, std::optional<T>& row) const;
    void put(const std::string& key, Row row);
    void send(const std::string& key, Unwritten& unwritten, bool with_text = false);
    void written(const std::string& key, std::uint64_t number, const Result<RedisReply>& reply);
    void refused(const std::string& why);
    void send_all();
    void try_again_later();
    void look_for_hashed_rows();
    void changed();

    const Clock& clock_;
    GreylistRedisOptions options_;
    std::unordered_map<std::string, Unwritten> unwritten_;
    std::uint64_t last_number_ = 0;
    bool has_hashed_rows_ = true; // until it is known
    bool was_away_ = true;
    std::string refusal_;    // why writes are not taken; empty: they are
    std::string unreadable_; // why questions are not
    std::string trouble_; // as on_state was told
    std::uint64_t failed_finds_ = 0, lost_writes_ = 0;
    asio::steady_timer retry_timer_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
    std::unique_ptr<RedisClient> client_; // none: it cannot be made, trouble_ says why
};

} // namespace postern
