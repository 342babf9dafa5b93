#include "policyd/greylist_redis_records.h"

#include "common/text.h"
#include "policyd/greylist_redis_rows.h"
#include "policyd/postgrey_dump.h"
#include "policyd/postgrey_hash.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t most_at_once = 2'000;   // questions
constexpr int most_scans = 10'000'000;        // of a thousand keys each: more than a server can hold
constexpr auto scan_count = "1000";

// As SCAN's MATCH takes a text for itself.
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (std::string_view("*?[]\\^").find(c) != std::string_view::npos)
            out += '\\';
        out += c;
    }
    return out;
}

Result<> no_error(const std::vector<RedisReply>& replies)
{
    for (const auto& reply : replies)
        if (reply.is_error())
            return fail("{}", printable(reply.text, 160));
    return {};
}

bool is_hashed(const GreylistWrite& row)
{
    return row.key.starts_with(hashed_mark);
}

} // namespace

GreylistRedisRecords::GreylistRedisRecords(Options options, const Clock& clock)
    : options_(std::move(options))
    , clock_(clock)
{
}

Result<std::unique_ptr<GreylistRedisRecords>> GreylistRedisRecords::open(Options options, const Clock& clock)
{
    std::unique_ptr<GreylistRedisRecords> records(new GreylistRedisRecords(std::move(options), clock));
    if (const auto connected = records->connect(); !connected)
        return tl::unexpected(connected.error());
    return records;
}

Result<> GreylistRedisRecords::connect()
{
    const auto changes = std::make_shared<std::size_t>(0); // at least one for each server that was tried
    auto client = RedisClient::create(io_, options_.redis, [changes] { ++*changes; });
    if (!client)
        return tl::unexpected(client.error());
    client_ = std::move(*client);
    turn_until([&] { // the timeouts of its connections see to that
        return client_->is_settled() && (client_->trouble().empty() || *changes >= options_.redis.servers.size());
    });
    const auto trouble = client_->trouble();
    if (!trouble.empty())
        return fail("{}", trouble);
    return {};
}

void GreylistRedisRecords::turn_until(const std::function<bool()>& done)
{
    while (!done()) {
        io_.restart();
        io_.run_one();
    }
}

// All at once, and waits for all.
Result<GreylistRedisRecords::Replies> GreylistRedisRecords::ask(const std::vector<Question>& questions)
{
    Replies replies(questions.size());
    for (std::size_t begin = 0; begin < questions.size(); begin += most_at_once) {
        const auto end = std::min(begin + most_at_once, questions.size());
        auto left = end - begin;
        Result<> ok;
        for (auto i = begin; i < end; ++i)
            client_->ask(questions[i].name, questions[i].command, [&, i](Result<RedisReply> reply) {
                --left;
                if (reply)
                    replies[i] = std::move(*reply);
                else
                    ok = tl::unexpected(reply.error());
            });
        turn_until([&] { return left == 0; });
        if (!ok)
            return tl::unexpected(ok.error());
    }
    return replies;
}

Result<RedisReply> GreylistRedisRecords::ask_server(std::size_t server, const std::string& command)
{
    std::optional<Result<RedisReply>> got;
    client_->ask_server(server, command, [&](Result<RedisReply> reply) { got = std::move(reply); });
    turn_until([&] { return got.has_value(); });
    if (*got && (*got)->is_error())
        return fail("{}", printable((*got)->text, 160));
    return std::move(*got);
}

Result<GreylistRedisRecords::Replies> GreylistRedisRecords::get(const std::vector<std::string>& names)
{
    std::vector<Question> questions;
    for (const auto& name : names)
        questions.push_back({name, redis_command({"GET", name})});
    return ask(questions);
}

Result<GreylistRowPair> GreylistRedisRecords::find(const GreylistKeyPair& keys)
{
    const auto replies = get({name_of_triplet(keys.triplet), name_of_client(keys.client), redis_hashed_key(options_.prefix)});
    if (!replies)
        return tl::unexpected(replies.error());
    const auto triplet = read_redis_triplet((*replies)[0]);
    if (!triplet)
        return tl::unexpected(triplet.error());
    const auto client = read_redis_client((*replies)[1]);
    if (!client)
        return tl::unexpected(client.error());
    GreylistRowPair rows{*triplet, *client};
    if ((*replies)[2].kind == RedisReply::Kind::text)
        if (const auto hashed = find_hashed(keys, rows); !hashed)
            return tl::unexpected(hashed.error());
    return rows;
}

Result<> GreylistRedisRecords::find_hashed(const GreylistKeyPair& keys, GreylistRowPair& rows)
{
    std::vector<std::string> hashes;
    for (const auto& text : postgrey_texts(keys.triplet))
        hashes.push_back(name_of_triplet(postgrey_hash(text)));
    const auto triplets = hashes.size();
    for (const auto& text : postgrey_texts(keys.client))
        hashes.push_back(name_of_client(postgrey_hash(text)));
    const auto replies = get(hashes);
    if (!replies)
        return tl::unexpected(replies.error());
    for (std::size_t i = 0; i < replies->size(); ++i) {
        if (i < triplets && !rows.triplet)
            rows.triplet = read_redis_triplet((*replies)[i]).value_or(std::nullopt);
        if (i >= triplets && !rows.client)
            rows.client = read_redis_client((*replies)[i]).value_or(std::nullopt);
    }
    return {};
}

Result<> GreylistRedisRecords::fetch_keys_of(std::size_t server, Table table)
{
    const auto pattern = escaped(options_.prefix) + "*";
    std::string cursor = "0";
    for (int i = 0; i < most_scans; ++i) {
        const auto reply = ask_server(server, redis_command({"SCAN", cursor, "MATCH", pattern, "COUNT", scan_count}));
        if (!reply)
            return tl::unexpected(reply.error());
        if (reply->items.size() != 2)
            return fail("SCAN: not a cursor and its keys");
        for (const auto& item : reply->items[1].items)
            if (auto key = read_redis_name(options_.prefix, item.text); key && key->is_triplet == (table == Table::triplet))
                keys_.push_back(std::move(key->key));
        cursor = reply->items[0].text;
        if (cursor == "0")
            return {};
    }
    return fail("SCAN: comes to no end");
}

Result<> GreylistRedisRecords::fetch_keys(Table table)
{
    table_.reset();
    keys_.clear();
    for (std::size_t server = 0; server < client_->servers(); ++server)
        if (const auto fetched = fetch_keys_of(server, table); !fetched)
            return fetched;
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end()); // SCAN may tell one twice
    table_ = table;
    return {};
}

Result<std::vector<GreylistWrite>> GreylistRedisRecords::page(Table table, const std::string& after, int count)
{
    if (after.empty() || table_ != table)
        if (const auto fetched = fetch_keys(table); !fetched)
            return tl::unexpected(fetched.error());
    std::vector<GreylistWrite> rows;
    auto next = std::upper_bound(keys_.begin(), keys_.end(), after);
    while (next != keys_.end() && rows.size() < static_cast<std::size_t>(count)) {
        const auto wanted = std::min<std::ptrdiff_t>(count - static_cast<std::ptrdiff_t>(rows.size()), keys_.end() - next);
        const std::vector<std::string> keys(next, next + wanted);
        next += wanted;
        std::vector<std::string> names;
        for (const auto& key : keys)
            names.push_back(redis_name(options_.prefix, key, table == Table::triplet));
        const auto replies = get(names);
        if (!replies)
            return tl::unexpected(replies.error());
        for (std::size_t i = 0; i < keys.size(); ++i) { // what is no row, or no more, is left out
            if (table == Table::triplet) {
                if (const auto row = read_redis_triplet((*replies)[i]); row && *row)
                    rows.push_back({keys[i], **row});
            } else if (const auto row = read_redis_client((*replies)[i]); row && *row) {
                rows.push_back({keys[i], **row});
            }
        }
    }
    return rows;
}

// So that the daemons look for them.
Result<> GreylistRedisRecords::mark_hashed(std::span<const GreylistWrite> rows)
{
    if (std::none_of(rows.begin(), rows.end(), is_hashed))
        return {};
    const auto key = redis_hashed_key(options_.prefix);
    const auto life = std::to_string(options_.policy.max_age.count() + 1);
    const auto replies = ask({{key, redis_command({"SET", key, "1", "EX", life})}});
    return replies ? no_error(*replies) : tl::unexpected(replies.error());
}

Result<> GreylistRedisRecords::write(std::span<const GreylistWrite> writes)
{
    std::vector<Question> questions;
    for (const auto& row : writes)
        if (auto command = redis_set_command(options_.prefix, row, clock_.now(), options_.policy))
            questions.push_back({redis_name(options_.prefix, row), std::move(*command)});
    const auto replies = ask(questions);
    if (!replies)
        return tl::unexpected(replies.error());
    if (const auto ok = no_error(*replies); !ok)
        return ok;
    return mark_hashed(writes);
}

// By the name of the script, and again with its text to the servers that did not know it.
Result<int> GreylistRedisRecords::merge(std::span<const GreylistWrite> rows)
{
    int written = 0;
    std::vector<GreylistWrite> all(rows.begin(), rows.end());
    for (const bool with_text : {false, true}) {
        std::vector<Question> questions;
        for (const auto& row : all)
            questions.push_back({redis_name(options_.prefix, row),
                                 redis_merge_command(options_.prefix, row, clock_.now(), options_.policy, with_text)});
        const auto replies = ask(questions);
        if (!replies)
            return tl::unexpected(replies.error());
        std::vector<GreylistWrite> unknown;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto& reply = (*replies)[i];
            if (reply.is_error("NOSCRIPT") && !with_text)
                unknown.push_back(all[i]);
            else if (reply.is_error() && !reply.is_error("ROW")) // one of another version stays
                return fail("{}", printable(reply.text, 160));
            written += reply.integer == 1;
        }
        all = std::move(unknown);
    }
    const auto marked = mark_hashed(rows);
    return marked ? Result<int>(written) : tl::unexpected(marked.error());
}

Result<> GreylistRedisRecords::erase(std::span<const GreylistWrite> rows)
{
    std::vector<Question> questions;
    for (const auto& row : rows) {
        const auto name = redis_name(options_.prefix, row);
        questions.push_back({name, redis_command({"DEL", name})});
    }
    const auto replies = ask(questions);
    return replies ? no_error(*replies) : tl::unexpected(replies.error());
}

} // namespace postern
