#include "policyd/greylist_redis.h"

#include "common/text.h"
#include "policyd/greylist_redis_rows.h"
#include "policyd/postgrey_dump.h"
#include "policyd/postgrey_hash.h"

#include <algorithm>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_unwritten = 50'000;
constexpr std::size_t most_retries_at_once = 1'000; // that are tried again while some servers are away
constexpr auto retry_pause = 1s;

template <class T>
Result<std::optional<T>> read_row(const RedisReply& reply)
{
    if constexpr (std::is_same_v<T, TripletRow>)
        return read_redis_triplet(reply);
    else
        return read_redis_client(reply);
}

} // namespace

// The rows that one find() waits for, each in its place.
class GreylistRedis::Question {
public:
    using Answer = Pending<Result<GreylistRows>>;

    GreylistRows rows;
    GreylistRows hashed; // what postgrey had hashed: counts where `rows` has nothing
    const std::shared_ptr<Answer> answer = std::make_shared<Answer>();

    void expect() { ++left_; }

    // One row is there, or why it is not. The last one completes the answer.
    void took(const Result<>& ok)
    {
        if (!ok)
            answer->complete(tl::unexpected(ok.error()));
        else if (--left_ == 0)
            finish();
    }

private:
    void finish()
    {
        for (const auto half : {&GreylistRows::network, &GreylistRows::domain}) {
            auto& pair = rows.*half;
            if (!pair.triplet)
                pair.triplet = (hashed.*half).triplet;
            if (!pair.client)
                pair.client = (hashed.*half).client;
        }
        answer->complete(rows);
    }

    int left_ = 0;
};

GreylistRedis::GreylistRedis(asio::io_context& io, const Clock& clock, GreylistRedisOptions options)
    : clock_(clock)
    , options_(std::move(options))
    , retry_timer_(io)
{
    auto client = RedisClient::create(io, options_.redis, [this] { changed(); });
    if (client) {
        client_ = std::move(*client);
        return;
    }
    refusal_ = client.error().what;
    changed();
}

GreylistRedis::~GreylistRedis() = default;

asio::awaitable<Result<GreylistRows>> GreylistRedis::find(const GreylistKeys& keys, Deadline deadline)
{
    if (!client_) {
        ++failed_finds_;
        co_return fail("{}", trouble_);
    }
    const auto question = std::make_shared<Question>();
    question->expect(); // ourselves, until all is asked
    ask(question, keys.network, &GreylistRows::network);
    if (!keys.domain.empty())
        ask(question, keys.domain, &GreylistRows::domain);
    question->took({});

    const auto limit = std::min(deadline, std::chrono::steady_clock::now() + options_.redis.times.timeout);
    auto rows = co_await Question::Answer::wait(question->answer, limit);
    if (!rows)
        rows = fail("Redis did not answer in time");
    if (*rows && !refusal_.empty() && !(*rows)->network.triplet && !(*rows)->domain.triplet)
        rows = fail("{}", refusal_); // it would be unknown at its next try, too
    if (!*rows)
        ++failed_finds_;
    co_return std::move(*rows);
}

void GreylistRedis::ask(const std::shared_ptr<Question>& question, const GreylistKeyPair& keys,
                        GreylistRowPair GreylistRows::* half)
{
    ask(question, keys.triplet, (question->rows.*half).triplet);
    ask(question, keys.client, (question->rows.*half).client);
    if (!has_hashed_rows_)
        return;
    for (const auto& text : postgrey_texts(keys.triplet))
        ask(question, postgrey_hash(text), (question->hashed.*half).triplet);
    for (const auto& text : postgrey_texts(keys.client))
        ask(question, postgrey_hash(text), (question->hashed.*half).client);
}

template <class T>
void GreylistRedis::ask(const std::shared_ptr<Question>& question, const std::string& key, std::optional<T>& row)
{
    if (is_unwritten(key, row))
        return;
    question->expect();
    const auto name = redis_name(options_.prefix, key, std::is_same_v<T, TripletRow>);
    client_->ask(name, redis_command({"GET", name}), [this, question, &row](const Result<RedisReply>& reply) {
        if (!reply)
            return question->took(tl::unexpected(reply.error()));
        saw(*reply);
        const auto read = read_row<T>(*reply);
        if (read && *read)
            row = *read;
        question->took(read ? Result<>() : tl::unexpected(read.error()));
    });
}

// Whether it answers questions: not a matter of one key.
void GreylistRedis::saw(const RedisReply& reply)
{
    auto unreadable = reply.is_error() && !reply.is_error("WRONGTYPE") ? printable(reply.text, 160) : "";
    if (unreadable == unreadable_)
        return;
    unreadable_ = std::move(unreadable);
    changed();
}

template <class T>
bool GreylistRedis::is_unwritten(const std::string& key, std::optional<T>& row) const
{
    const auto it = unwritten_.find(key);
    if (it == unwritten_.end())
        return false;
    row = std::get<T>(it->second.row);
    return true;
}

void GreylistRedis::apply(const GreylistKeyPair& keys, const GreylistRowPair& writes)
{
    if (writes.triplet)
        put(keys.triplet, *writes.triplet);
    if (writes.client)
        put(keys.client, *writes.client);
}

void GreylistRedis::put(const std::string& key, Row row)
{
    if (!client_ || (unwritten_.size() >= most_unwritten && !unwritten_.contains(key))) {
        ++lost_writes_;
        return;
    }
    auto& unwritten = unwritten_[key];
    unwritten = {++last_number_, std::move(row), false};
    if (refusal_.empty())
        send(key, unwritten);
    else
        try_again_later();
}

void GreylistRedis::send(const std::string& key, Unwritten& unwritten, bool with_text)
{
    unwritten.is_sent = true;
    const auto number = unwritten.number;
    const GreylistWrite write{key, unwritten.row};
    client_->ask(redis_name(options_.prefix, write),
                 redis_merge_command(options_.prefix, write, clock_.now(), options_.policy, with_text),
                 [this, key, number, with_text](const Result<RedisReply>& reply) {
                     const auto it = unwritten_.find(key);
                     if (reply && reply->is_error("NOSCRIPT") && !with_text) {
                         if (it != unwritten_.end() && it->second.number == number)
                             send(key, it->second, true);
                         return;
                     }
                     written(key, number, reply);
                 });
}

void GreylistRedis::written(const std::string& key, std::uint64_t number, const Result<RedisReply>& reply)
{
    const auto it = unwritten_.find(key);
    const bool is_newest = it != unwritten_.end() && it->second.number == number;
    if (reply && (!reply->is_error() || reply->is_error("ROW"))) { // the latter is for this row alone
        lost_writes_ += reply->is_error();
        if (is_newest)
            unwritten_.erase(it);
        if (!std::exchange(refusal_, "").empty()) {
            changed();
            send_all();
        }
        return;
    }
    if (is_newest)
        it->second.is_sent = false;
    if (reply)
        refused(printable(reply->text, 160));
    try_again_later();
}

void GreylistRedis::refused(const std::string& why)
{
    refusal_ = "Redis refuses what is to be written: " + why;
    changed();
}

// After it was away, or refused them. While it still refuses, one is enough to see.
void GreylistRedis::send_all()
{
    const auto most = !refusal_.empty() ? 1 : !trouble_.empty() ? most_retries_at_once : most_unwritten;
    std::size_t sent = 0;
    for (auto& [key, unwritten] : unwritten_) {
        if (unwritten.is_sent)
            continue;
        send(key, unwritten);
        if (++sent == most)
            return try_again_later();
    }
}

void GreylistRedis::try_again_later()
{
    if (retry_timer_.expiry() > std::chrono::steady_clock::now())
        return; // it runs already
    retry_timer_.expires_after(retry_pause);
    retry_timer_.async_wait([this, alive = std::weak_ptr(alive_)](asio::error_code error) {
        if (error || alive.expired())
            return;
        send_all();
    });
}

// Whether find() must look for those, too.
void GreylistRedis::look_for_hashed_rows()
{
    const auto key = redis_hashed_key(options_.prefix);
    client_->ask(key, redis_command({"GET", key}), [this](const Result<RedisReply>& reply) {
        if (reply && !reply->is_error())
            has_hashed_rows_ = reply->kind != RedisReply::Kind::nil;
    });
}

void GreylistRedis::reread()
{
    if (client_)
        look_for_hashed_rows();
}

void GreylistRedis::changed()
{
    const auto away = client_ ? client_->trouble() : "";
    auto trouble = !away.empty() ? away : !refusal_.empty() ? refusal_ : unreadable_;
    if (client_ && away.empty() && client_->is_settled() && std::exchange(was_away_, false)) {
        look_for_hashed_rows();
        send_all();
    }
    was_away_ |= !away.empty();
    if (trouble == trouble_)
        return;
    trouble_ = std::move(trouble);
    if (options_.on_state)
        options_.on_state(trouble_);
}

GreylistStoreState GreylistRedis::state() const
{
    GreylistStoreState state;
    state.trouble = trouble_;
    state.failed_finds = failed_finds_;
    state.lost_writes = lost_writes_;
    state.waiting_writes = unwritten_.size();
    return state;
}

} // namespace postern
