// greylist_redis_records - all the rows of a greylist in Redis
//
// For a program that does one thing and ends: each function waits until Redis
// has answered. Redis tells its keys in no order; so that they come in that of
// greylist_records, the keys (not the rows) are all fetched when a table is
// begun, and kept: about a hundred octets each.
// Failure: a server that is away, refuses the login or does not answer in time
// is an Error; what was written before stays.
#pragma once

#include "common/clock.h"
#include "common/redis/redis_client.h"
#include "policyd/greylist_decision.h"
#include "policyd/greylist_records.h"
#include "policyd/greylist_redis_rows.h"

#include <asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern {

class GreylistRedisRecords final : public GreylistRecords {
public:
    struct Options {
        RedisOptions redis;
        std::string prefix;    // of every key
        GreylistPolicy policy; // how long a row lives
    };

    // Connected to every server, and logged in. `clock` must outlive it.
    static Result<std::unique_ptr<GreylistRedisRecords>> open(Options options, const Clock& clock);

    Result<GreylistRowPair> find(const GreylistKeyPair& keys) override;
    Result<std::vector<GreylistWrite>> page(Table table, const std::string& after, int count) override;
    Result<> write(std::span<const GreylistWrite> writes) override;
    Result<int> merge(std::span<const GreylistWrite> rows) override;
    Result<> erase(std::span<const GreylistWrite> rows) override;

private:
    struct Question {
        std::string name;
        std::string command;
    };
    using Replies = std::vector<RedisReply>;

    GreylistRedisRecords(Options options, const Clock& clock);
    Result<> connect();
    void turn_until(const std::function<bool()>& done);
    Result<Replies> ask(const std::vector<Question>& questions);
    Result<RedisReply> ask_server(std::size_t server, const std::string& command);
    Result<Replies> get(const std::vector<std::string>& names);
    Result<> find_hashed(const GreylistKeyPair& keys, GreylistRowPair& rows);
    Result<> mark_hashed(std::span<const GreylistWrite> rows);
    Result<> fetch_keys(Table table);
    Result<> fetch_keys_of(std::size_t server, Table table);
    std::string name_of_triplet(std::string_view key) const { return redis_name(options_.prefix, key, true); }
    std::string name_of_client(std::string_view key) const { return redis_name(options_.prefix, key, false); }

    Options options_;
    const Clock& clock_;
    asio::io_context io_;
    std::unique_ptr<RedisClient> client_;
    std::optional<Table> table_;    // whose keys these are
    std::vector<std::string> keys_; // in their order
};

} // namespace postern
