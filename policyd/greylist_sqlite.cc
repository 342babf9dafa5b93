#include "policyd/greylist_sqlite.h"

#include <algorithm>
#include <asio/post.hpp>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_waiting = 100'000;  // reads, and writes
constexpr std::size_t most_in_transaction = 2'000; // so that readers of the tool and checkpoints get their turn
constexpr int expiry_page = 500;
constexpr auto idle_interval = 200ms;
constexpr auto gather_time = 20ms; // a transaction that often, rather than one a mail
constexpr std::chrono::milliseconds first_pause = 500ms, longest_pause = 30s;

} // namespace

GreylistSqlite::GreylistSqlite(asio::io_context& io, const Clock& clock, GreylistSqliteOptions options)
    : io_(io)
    , clock_(clock)
    , options_(std::move(options))
    , triplets_(options_.cache_rows)
    , clients_(options_.cache_rows)
    , expiry_(options_.expiry_settled)
{
    if (const auto ok = open_for_writing(); !ok)
        set_trouble(ok.error().what);
    using Reader = BatchThread<Read>;
    using Writer = BatchThread<Write>;
    reader_ = std::make_unique<Reader>([this](Reader&, std::vector<Read> reads) { read_batch(std::move(reads)); },
                                       Reader::Options{most_waiting, 0ms, {}});
    writer_ = std::make_unique<Writer>(
        [this](Writer& writer, std::vector<Write> writes) { write_batch(writer, std::move(writes)); },
        Writer::Options{most_waiting, idle_interval, [this](Writer& writer) { rest(writer); }, gather_time});
}

GreylistSqlite::~GreylistSqlite() = default; // the threads end first: they are the last members

asio::awaitable<Result<GreylistRows>> GreylistSqlite::find(const GreylistKeys& keys, Deadline deadline)
{
    if (auto rows = in_memory(keys))
        co_return std::move(*rows);
    if (!trouble_.empty()) {
        ++failed_finds_;
        co_return fail("{}", trouble_);
    }

    auto answer = std::make_shared<Answer>();
    if (!reader_->push({keys, answer}))
        answer->complete(fail("too many requests wait for the store"));
    auto rows = co_await Answer::wait(answer, deadline);
    if (!rows)
        rows = fail("the store did not answer in time");
    if (!*rows)
        ++failed_finds_;
    co_return std::move(*rows);
}

void GreylistSqlite::apply(const GreylistKeys& keys, const GreylistWrites& writes)
{
    if (writes.triplet) {
        triplets_.put(keys.triplet, *writes.triplet);
        put(keys.triplet, *writes.triplet);
    }
    if (writes.client) {
        clients_.put(keys.client, *writes.client);
        put(keys.client, *writes.client);
    }
}

GreylistStoreState GreylistSqlite::state() const
{
    return {trouble_, failed_finds_, lost_writes_, triplets_.size() + clients_.size(), unwritten_.size()};
}

void GreylistSqlite::set_policy(const GreylistPolicy& policy)
{
    const std::lock_guard lock(policy_mutex_);
    options_.policy = policy;
}

GreylistPolicy GreylistSqlite::policy()
{
    const std::lock_guard lock(policy_mutex_);
    return options_.policy;
}

// Both rows, if memory knows of both. A client's key has no '/', a triplet's has: they never meet in unwritten_.
std::optional<GreylistRows> GreylistSqlite::in_memory(const GreylistKeys& keys)
{
    const auto unwritten = [&]<class T>(const std::string& key, std::optional<T>& row) {
        const auto it = unwritten_.find(key);
        if (it != unwritten_.end())
            row = std::get<T>(it->second.row);
        return it != unwritten_.end();
    };
    GreylistRows rows;
    if (const auto* triplet = triplets_.find(keys.triplet))
        rows.triplet = *triplet;
    else if (!unwritten(keys.triplet, rows.triplet))
        return {};
    if (const auto* client = clients_.find(keys.client))
        rows.client = *client;
    else if (!unwritten(keys.client, rows.client))
        return {};
    return rows;
}

// Rows that were read go to memory, unless it knows something newer; `rows` becomes the newest.
void GreylistSqlite::remember(const GreylistKeys& keys, GreylistRows& rows)
{
    if (const auto it = unwritten_.find(keys.triplet); it != unwritten_.end())
        rows.triplet = std::get<TripletRow>(it->second.row);
    else if (const auto* known = triplets_.find(keys.triplet))
        rows.triplet = *known;
    triplets_.put(keys.triplet, rows.triplet);

    if (const auto it = unwritten_.find(keys.client); it != unwritten_.end())
        rows.client = std::get<ClientRow>(it->second.row);
    else if (const auto* known = clients_.find(keys.client))
        rows.client = *known;
    clients_.put(keys.client, rows.client);
}

void GreylistSqlite::put(const std::string& key, Row row)
{
    const auto number = ++last_number_;
    if (unwritten_.size() >= most_waiting || !writer_->push({number, {key, row}})) {
        ++lost_writes_;
        return;
    }
    unwritten_.insert_or_assign(key, Unwritten{number, std::move(row)});
}

void GreylistSqlite::finish_reads(std::vector<Found> found)
{
    for (auto& [read, rows] : found) {
        if (rows)
            remember(read.keys, *rows);
        read.answer->complete(std::move(rows));
    }
}

void GreylistSqlite::finish_writes(const std::vector<Write>& writes)
{
    for (const auto& [number, write] : writes)
        if (const auto it = unwritten_.find(write.key); it != unwritten_.end() && it->second.number == number)
            unwritten_.erase(it);
}

void GreylistSqlite::set_trouble(std::string trouble)
{
    if (trouble == trouble_)
        return;
    trouble_ = std::move(trouble);
    if (options_.on_state)
        options_.on_state(trouble_);
}

template <class Work>
void GreylistSqlite::post(Work work)
{
    asio::post(io_, [alive = std::weak_ptr(alive_), work = std::move(work)]() mutable {
        if (!alive.expired()) // the threads end before alive_ does, so `work` may use this
            work();
    });
}

void GreylistSqlite::read_batch(std::vector<Read> reads)
{
    std::vector<Found> found;
    found.reserve(reads.size());
    for (auto& read : reads) {
        Result<GreylistRows> rows = fail("not read");
        if (!reader_tables_) {
            if (auto tables = GreylistTables::open_for_reading(options_.path))
                reader_tables_ = std::move(*tables);
            else
                rows = tl::unexpected(tables.error());
        }
        if (reader_tables_) {
            rows = reader_tables_->find(read.keys);
            if (!rows)
                reader_tables_.reset(); // the next one opens it anew
        }
        found.push_back({std::move(read), std::move(rows)});
    }
    post([this, found = std::move(found)]() mutable { finish_reads(std::move(found)); });
}

Result<> GreylistSqlite::open_for_writing()
{
    auto tables = GreylistTables::open(options_.path);
    if (!tables)
        return tl::unexpected(tables.error());
    writer_tables_ = std::move(*tables);
    return {};
}

void GreylistSqlite::write_batch(BatchThread<Write>& writer, std::vector<Write> writes)
{
    auto pause = first_pause;
    for (std::size_t done = 0; done < writes.size();) {
        const auto count = std::min(most_in_transaction, writes.size() - done);
        const std::vector<Write> part(writes.begin() + static_cast<std::ptrdiff_t>(done),
                                      writes.begin() + static_cast<std::ptrdiff_t>(done + count));
        std::vector<GreylistWrite> rows;
        for (const auto& write : part)
            rows.push_back(write.write);

        auto ok = writer_tables_ ? Result<>{} : open_for_writing();
        if (ok)
            ok = writer_tables_->write(rows);
        if (ok) {
            done += count;
            pause = first_pause;
            post([this, part] {
                finish_writes(part);
                set_trouble("");
            });
            continue;
        }
        writer_tables_.reset(); // opened anew: a file that was put in its place counts
        if (writer.stopping())
            return; // what is left is lost: the next start cannot know of it
        post([this, what = ok.error().what] { set_trouble(what); });
        writer.pause(pause);
        pause = std::min(pause * 2, longest_pause);
    }
}

void GreylistSqlite::rest(BatchThread<Write>& writer)
{
    if (!writer_tables_) {
        if (const auto ok = open_for_writing(); ok)
            post([this] { set_trouble(""); });
        else
            writer.pause(first_pause);
        return;
    }
    const auto now = clock_.now();
    if (!expiry_.is_due(now, std::chrono::steady_clock::now()))
        return;
    if (const auto ok = writer_tables_->expire(now, policy(), expiry_page); !ok)
        post([this, what = ok.error().what] { set_trouble(what); });
}

} // namespace postern
