#include "policyd/greylist_sqlite.h"

#include <algorithm>
#include <asio/post.hpp>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_waiting = 100'000;  // reads, and writes
constexpr std::size_t most_in_transaction = 2'000; // so that readers of the tool and checkpoints get their turn
constexpr std::size_t most_finished = 100; // at a time: requests are served in between
constexpr int expiry_page = 500, hasty_page = 5'000;
constexpr double full = 0.95, roomy = 0.90, narrow = 0.70; // of greylist.max_size
constexpr std::size_t few_in_transaction = 100; // where many might not fit, and none would be written
constexpr int most_haste = 64;
constexpr auto full_trouble = "the store has reached greylist.max_size";
constexpr int scan_page = 50'000; // keys: some hundredths of a second
constexpr auto idle_interval = 200ms;
constexpr auto gather_time = 100ms; // a transaction that often, not one a mail: what shares a page shares its write
constexpr std::chrono::milliseconds first_pause = 500ms, longest_pause = 30s;

Result<GreylistRows> find_both(GreylistTables& tables, const GreylistKeys& keys)
{
    const auto network = tables.find(keys.network);
    if (!network || keys.domain.empty())
        return network ? Result<GreylistRows>(GreylistRows{*network, {}}) : tl::unexpected(network.error());
    const auto domain = tables.find(keys.domain);
    if (!domain)
        return tl::unexpected(domain.error());
    return GreylistRows{*network, *domain};
}

} // namespace

GreylistSqlite::GreylistSqlite(asio::io_context& io, const Clock& clock, GreylistSqliteOptions options)
    : io_(io)
    , clock_(clock)
    , options_(std::move(options))
    , wants_clients_(options_.policy.auto_whitelist_after > 0)
    , triplets_(options_.cache_rows)
    , clients_(options_.cache_rows)
    , expiry_(options_.expiry_settled)
{
    if (const auto ok = open_for_writing(); !ok)
        set_trouble(ok.error().what);
    using Writer = BatchThread<Write>;
    for (auto& reader : readers_)
        reader.thread = std::make_unique<BatchThread<Read>>(
            [this, &reader](BatchThread<Read>& thread, std::vector<Read> reads) { read_batch(reader, thread, std::move(reads)); },
            BatchThread<Read>::Options{most_waiting / readers_.size(), 0ms, {}});
    writer_ = std::make_unique<Writer>(
        [this](Writer& writer, std::vector<Write> writes) { write_batch(writer, std::move(writes)); },
        Writer::Options{most_waiting, idle_interval, [this](Writer& writer) { rest(writer); }, gather_time});
}

GreylistSqlite::~GreylistSqlite() = default; // the threads end first: they are the last members

asio::awaitable<Result<GreylistRows>> GreylistSqlite::find(const GreylistKeys& keys, Deadline deadline)
{
    if (auto network = recall(keys.network)) {
        if (keys.domain.empty())
            co_return GreylistRows{*network, {}};
        if (auto domain = recall(keys.domain))
            co_return GreylistRows{*network, *domain};
    }
    if (!trouble_.empty()) {
        ++failed_finds_;
        co_return fail("{}", trouble_);
    }

    auto answer = std::make_shared<Answer>();
    auto& reader = readers_[next_reader_++ % readers_.size()];
    if (!reader.thread->push({keys, answer, rereads_}))
        answer->complete(fail("too many requests wait for the store"));
    auto rows = co_await Answer::wait(answer, deadline);
    if (!rows)
        rows = fail("the store did not answer in time");
    if (!*rows)
        ++failed_finds_;
    co_return std::move(*rows);
}

void GreylistSqlite::apply(const GreylistKeyPair& keys, const GreylistRowPair& writes)
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
    return {trouble_, failed_finds_, lost_writes_, triplets_.size() + clients_.size(), unwritten_.size(),
            filter_ ? filter_->octets() : 0, is_full_};
}

void GreylistSqlite::reread()
{
    ++rereads_;
    while (triplets_.size() > 0)
        triplets_.erase_oldest();
    while (clients_.size() > 0)
        clients_.erase_oldest();
    filter_.reset();
    wants_scan_ = true;
    for (auto& reader : readers_)
        reader.opens_anew = true; // it also looks then for what has come in of postgrey's
}

void GreylistSqlite::set_policy(const GreylistPolicy& policy)
{
    wants_clients_ = policy.auto_whitelist_after > 0;
    const std::lock_guard lock(policy_mutex_);
    options_.policy = policy;
}

GreylistPolicy GreylistSqlite::policy()
{
    const std::lock_guard lock(policy_mutex_);
    return options_.policy;
}

GreylistKeyHashes GreylistSqlite::look_ahead(const GreylistKeyPair& keys)
{
    return {triplets_.look_ahead(keys.triplet), wants_clients_ ? clients_.look_ahead(keys.client) : 0};
}

void GreylistSqlite::look_ahead(const GreylistKeyHashes& hashes)
{
    triplets_.look_ahead(hashes.triplet);
    clients_.look_ahead(hashes.client);
}

// A client's key has no '/', a triplet's has: they never meet in unwritten_.
std::optional<GreylistRowPair> GreylistSqlite::recall(const GreylistKeyPair& keys, const GreylistKeyHashes& hashes)
{
    GreylistRowPair rows;
    if (!recall(triplets_, keys.triplet, hashes.triplet, rows.triplet))
        return {};
    if (wants_clients_ && !recall(clients_, keys.client, hashes.client, rows.client))
        return {};
    return rows;
}

std::optional<ClientRow> GreylistSqlite::recall_client(const GreylistKeyPair& keys)
{
    std::optional<ClientRow> row;
    in_memory(clients_, keys.client, 0, row);
    return row;
}

// Whether it can be told without the file what the row is, or that there is none.
template <class T>
bool GreylistSqlite::recall(LruCache<std::optional<T>>& known, const std::string& key, std::uint64_t hash,
                            std::optional<T>& row)
{
    return in_memory(known, key, hash, row) || (filter_ && !is_full_ && !filter_->may_hold(key));
}

template <class T>
bool GreylistSqlite::in_memory(LruCache<std::optional<T>>& known, const std::string& key, std::uint64_t hash,
                               std::optional<T>& row)
{
    if (const auto* found = known.find(key, hash))
        row = *found;
    else if (const auto it = unwritten_.find(key); it != unwritten_.end())
        row = std::get<T>(it->second.row);
    else
        return false;
    return true;
}

// A row that was read becomes the newest that is known of it, and goes to memory.
template <class T>
void GreylistSqlite::take_newest(LruCache<std::optional<T>>& known, const std::string& key, std::optional<T>& row,
                                 bool is_current)
{
    in_memory(known, key, 0, row);
    if (is_current)
        known.put(key, row);
}

void GreylistSqlite::take_newest(const GreylistKeyPair& keys, GreylistRowPair& rows, bool is_current)
{
    take_newest(triplets_, keys.triplet, rows.triplet, is_current);
    take_newest(clients_, keys.client, rows.client, is_current);
}

void GreylistSqlite::put(const std::string& key, Row row)
{
    const auto number = ++last_number_;
    if (unwritten_.size() >= most_waiting || !writer_->push({number, {key, row}})) {
        ++lost_writes_;
        return;
    }
    unwritten_.insert_or_assign(key, Unwritten{number, std::move(row)});
    if (filter_) {
        filter_->add(key);
        if (filter_->size() == 2 * filter_->capacity()) // too full to be of use for long
            wants_scan_ = true;
    }
}

void GreylistSqlite::finish_reads(std::vector<Found> found)
{
    for (auto& [read, rows] : found) {
        if (rows && is_full_ && !rows->network.triplet && !rows->domain.triplet)
            rows = fail("{}", full_trouble); // it would be unknown at its next try, too
        if (rows) {
            const bool is_current = read.reread == rereads_; // else the file may say something else since
            take_newest(read.keys.network, rows->network, is_current);
            if (!read.keys.domain.empty())
                take_newest(read.keys.domain, rows->domain, is_current);
        }
        read.answer->complete(std::move(rows));
    }
}

// The file has them, those before `from` were seen to.
void GreylistSqlite::finish_writes(Part part, std::size_t from)
{
    const auto end = std::min(from + most_finished, part.rows.size());
    for (auto i = from; i < end; ++i)
        if (const auto it = unwritten_.find(part.rows[i].key);
            it != unwritten_.end() && it->second.number == part.numbers[i])
            unwritten_.erase(it);
    if (end < part.rows.size())
        post([this, part = std::move(part), end]() mutable { finish_writes(std::move(part), end); });
}

// Rows that will not be written; memory keeps them as long as it can.
void GreylistSqlite::lose(Part part)
{
    lost_writes_ += part.rows.size();
    finish_writes(std::move(part));
}

void GreylistSqlite::set_full(bool is_full)
{
    if (is_full == is_full_)
        return;
    is_full_ = is_full;
    if (options_.on_full)
        options_.on_full(is_full);
}

void GreylistSqlite::set_trouble(std::string trouble)
{
    if (trouble == trouble_)
        return;
    trouble_ = std::move(trouble);
    if (options_.on_state)
        options_.on_state(trouble_);
}

void GreylistSqlite::set_filter(std::optional<KeyFilter> filter)
{
    filter_ = std::move(filter);
    if (filter_)
        for (const auto& [key, row] : unwritten_)
            filter_->add(key);
}

template <class Work>
void GreylistSqlite::post(Work work)
{
    asio::post(io_, [alive = std::weak_ptr(alive_), work = std::move(work)]() mutable {
        if (!alive.expired()) // the threads end before alive_ does, so `work` may use this
            work();
    });
}

void GreylistSqlite::read_batch(Reader& reader, const BatchThread<Read>& thread, std::vector<Read> reads)
{
    std::vector<Found> found;
    found.reserve(reads.size());
    auto& tables = reader.tables;
    if (reader.opens_anew.exchange(false))
        tables.reset();
    for (auto& read : reads) {
        if (thread.stopping()) // nobody waits any more, and the disk may be slow
            return;
        Result<GreylistRows> rows = fail("not read");
        if (!tables) {
            if (auto opened = GreylistTables::open_for_reading(options_.path))
                tables = std::move(*opened);
            else
                rows = tl::unexpected(opened.error());
        }
        if (tables) {
            rows = find_both(*tables, read.keys);
            if (!rows)
                tables.reset(); // the next one opens it anew
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
    if (options_.max_size > 0)
        if (const auto ok = tables->limit_size(options_.max_size); !ok)
            return ok;
    writer_tables_ = std::move(*tables);
    post([this] { set_filter({}); }); // it may be another file
    begin_scan();
    return {};
}

// What postgrey had hashed is looked for under another key than the filter would be asked about.
void GreylistSqlite::begin_scan()
{
    const auto hashed = writer_tables_->look_for_hashed_rows();
    wants_scan_ = !hashed; // tried again the next time
    scan_.reset();
    if (hashed && !*hashed)
        scan_.emplace(writer_tables_->size().value_or(0));
}

// Whoever moves the file away wants another one to be used: what memory knows was of the old one.
bool GreylistSqlite::has_moved()
{
    if (!writer_tables_ || !writer_tables_->has_moved())
        return false;
    writer_tables_.reset();
    post([this] {
        set_trouble(options_.path + ": was moved away, removed or replaced");
        reread();
    });
    return true;
}

Result<> GreylistSqlite::write_rows(const std::vector<GreylistWrite>& rows)
{
    has_moved();
    if (auto ok = writer_tables_ ? Result<>{} : open_for_writing(); !ok)
        return ok;
    return writer_tables_->write(rows);
}

// Tries until it has written them. False: there is no room for them, or the end has come.
bool GreylistSqlite::write_part(BatchThread<Write>& writer, const std::vector<GreylistWrite>& rows)
{
    for (auto pause = first_pause; !writer_is_full_; pause = std::min(pause * 2, longest_pause)) {
        const auto ok = write_rows(rows);
        if (ok)
            return true;
        if (used() >= roomy) { // the limit was in the way, not the disk
            writer_is_full_ = true;
            haste_ = 2;
            post([this] { set_full(true); });
            return false;
        }
        writer_tables_.reset(); // opened anew: a file that was put in its place counts
        if (writer.stopping())
            return false;
        post([this, what = ok.error().what] { set_trouble(what); });
        writer.pause(pause);
    }
    return false;
}

void GreylistSqlite::write_batch(BatchThread<Write>& writer, std::vector<Write> writes)
{
    for (std::size_t done = 0; done < writes.size();) {
        const auto count = std::min(used() >= narrow ? few_in_transaction : most_in_transaction, writes.size() - done);
        Part part;
        for (const auto end = done + count; done < end; ++done) {
            part.rows.push_back(std::move(writes[done].write));
            part.numbers.push_back(writes[done].number);
        }
        if (write_part(writer, part.rows)) {
            if (scan_)
                for (const auto& row : part.rows)
                    scan_->saw(row.key);
            post([this, part = std::move(part)]() mutable {
                finish_writes(std::move(part));
                set_trouble("");
            });
        } else if (writer_is_full_) {
            post([this, part = std::move(part)]() mutable { lose(std::move(part)); });
        } else {
            return; // what is left is lost: the next start cannot know of it
        }
    }
    if (std::chrono::steady_clock::now() - rested_ >= idle_interval) // there is never a pause on a busy host
        rest(writer);
}

void GreylistSqlite::rest(BatchThread<Write>& writer)
{
    rested_ = std::chrono::steady_clock::now();
    if (has_moved() || !writer_tables_) {
        if (const auto ok = open_for_writing(); ok)
            post([this] { set_trouble(""); });
        else if (!writer.stopping())
            writer.pause(first_pause);
        return;
    }
    const auto room = make_room();
    if (!room || lacks_room_) // else only a write would say that it works again, and there may be none
        post([this, trouble = room ? std::string() : room.error().what] { set_trouble(trouble); });
    lacks_room_ = !room;
    scan();
}

// How much of the limit; 0 if there is none, or it cannot be told.
double GreylistSqlite::used()
{
    return writer_tables_ ? writer_tables_->used().value_or(0.0) : 0.0;
}

// Deletes what is too old, a page at a time; and younger rows, the longer the fuller, while there is no room.
Result<> GreylistSqlite::make_room()
{
    const auto used = writer_tables_->used();
    if (!used)
        return tl::unexpected(used.error());
    if (writer_is_full_ != (*used >= (writer_is_full_ ? roomy : full))) {
        writer_is_full_ = !writer_is_full_;
        haste_ = writer_is_full_ ? 2 : 1;
        post([this, is_full = writer_is_full_] { set_full(is_full); });
    }
    const auto now = clock_.now();
    if (!expiry_.is_due(now, std::chrono::steady_clock::now()))
        return {};
    auto policy_now = policy();
    policy_now.retry_window /= haste_;
    policy_now.max_age /= haste_;
    const auto deleted = writer_tables_->expire(now, policy_now, writer_is_full_ ? hasty_page : expiry_page);
    if (!deleted)
        return tl::unexpected(deleted.error());
    if (writer_is_full_ && writer_tables_->is_at_begin()) // all rows were looked at
        haste_ = std::min(haste_ * 2, most_haste);
    return {};
}

// The next part of the file for the filter.
void GreylistSqlite::scan()
{
    if (writer_tables_->was_changed_by_others().value_or(false)) { // the filter does not know of all keys any more
        post([this] { set_filter({}); });
        begin_scan();
    } else if (wants_scan_) {
        begin_scan();
    }
    if (!scan_)
        return;
    const auto is_done = scan_->step(*writer_tables_, scan_page);
    if (!is_done) { // begun anew the next time
        scan_.reset();
        wants_scan_ = true;
    } else if (*is_done) {
        post([this, filter = scan_->take()]() mutable { set_filter(std::move(filter)); });
        scan_.reset();
    }
}

} // namespace postern
