// greylist_sqlite - the greylist of one host, in memory and on disk
//
// What was asked last is kept in memory (`cache_rows`), so that a known
// triplet is decided without leaving the event loop. The rest is read by a few
// threads, since a disk serves more than one at a time, and written by another,
// many requests a transaction; all only ever post back to the io_context, where
// everything else of this class happens.
// A change counts from apply() on, before it is on disk. Once the file has been
// gone through, a filter in memory knows of nearly all keys that it does not
// hold: a triplet that is new costs no read.
//
// Failure: a file that cannot be opened or written is tried again with
// growing pauses; until then find() knows what is in memory and gives an
// Error for the rest. A file that was moved away, removed or replaced is
// noticed, and the one that is at the path then is opened, or made. What waits
// to be written is bounded, and so is the file: near its limit nothing new is
// learned, what is unknown passes, and rows expire earlier until there is room.
// Config: [greylist] database, cache_size, max_size.
#pragma once

#include "common/batch_thread.h"
#include "common/lru_cache.h"
#include "common/pending.h"
#include "policyd/greylist_expiry.h"
#include "policyd/greylist_scan.h"
#include "policyd/greylist_store.h"
#include "policyd/greylist_tables.h"

#include <array>
#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace postern {

struct GreylistSqliteOptions {
    std::string path;
    std::size_t cache_rows = 30'000;
    std::int64_t max_size = 0;                 // octets of the file; 0: no limit
    GreylistPolicy policy;                     // what is too old
    std::chrono::seconds expiry_settled{600};  // see greylist_expiry
    std::function<void(const std::string& trouble)> on_state; // it broke, and why; or, empty: it works again
    std::function<void(bool is_full)> on_full{};
};

class GreylistSqlite final : public GreylistStore {
public:
    // `io` and `clock` must outlive it. Opens the file, or says so to on_state and goes on without.
    GreylistSqlite(asio::io_context& io, const Clock& clock, GreylistSqliteOptions options);
    ~GreylistSqlite() override;

    using GreylistStore::recall;
    std::optional<GreylistRowPair> recall(const GreylistKeyPair& keys, const GreylistKeyHashes& hashes) override;
    GreylistKeyHashes look_ahead(const GreylistKeyPair& keys) override;
    void look_ahead(const GreylistKeyHashes& hashes) override;
    std::optional<ClientRow> recall_client(const GreylistKeyPair& keys) override;
    asio::awaitable<Result<GreylistRows>> find(const GreylistKeys& keys, Deadline deadline) override;
    void apply(const GreylistKeyPair& keys, const GreylistRowPair& writes) override;
    GreylistStoreState state() const override;

    // Forgets what it has in memory: another program has changed the file.
    void reread() override;

    // What is too old from now on.
    void set_policy(const GreylistPolicy& policy) override;

private:
    using Answer = Pending<Result<GreylistRows>>;
    struct Read {
        GreylistKeys keys;
        std::shared_ptr<Answer> answer; // completed on the io_context's thread
        std::uint64_t reread;           // how often reread() had been called: what is older is not remembered
    };
    struct Write {
        std::uint64_t number;
        GreylistWrite write;
    };
    struct Part { // of what there is to write: one transaction
        std::vector<GreylistWrite> rows;
        std::vector<std::uint64_t> numbers; // of the rows' writes
    };
    struct Found {
        Read read;
        Result<GreylistRows> rows;
    };
    struct Reader {
        std::atomic<bool> opens_anew = false;
        std::optional<GreylistTables> tables; // the thread's alone
        std::unique_ptr<BatchThread<Read>> thread; // last: it uses the others
    };
    using Row = std::variant<TripletRow, ClientRow>;
    struct Unwritten {
        std::uint64_t number; // of the newest write of this key
        Row row;
    };

    // On the io_context's thread
    template <class T>
    bool recall(LruCache<std::optional<T>>& known, const std::string& key, std::uint64_t hash, std::optional<T>& row);
    template <class T>
    bool in_memory(LruCache<std::optional<T>>& known, const std::string& key, std::uint64_t hash, std::optional<T>& row);
    template <class T>
    void take_newest(LruCache<std::optional<T>>& known, const std::string& key, std::optional<T>& row, bool is_current);
    void take_newest(const GreylistKeyPair& keys, GreylistRowPair& rows, bool is_current);
    void put(const std::string& key, Row row);
    void finish_reads(std::vector<Found> found);
    void finish_writes(Part part, std::size_t from = 0);
    void set_trouble(std::string trouble);
    void set_filter(std::optional<KeyFilter> filter);
    void set_full(bool is_full);
    void lose(Part part);

    // On the threads
    void read_batch(Reader& reader, const BatchThread<Read>& thread, std::vector<Read> reads);
    void write_batch(BatchThread<Write>& writer, std::vector<Write> writes);
    void rest(BatchThread<Write>& writer); // what the writer does between batches
    void scan();
    bool write_part(BatchThread<Write>& writer, const std::vector<GreylistWrite>& rows);
    Result<> write_rows(const std::vector<GreylistWrite>& rows);
    bool has_moved();
    double used();
    Result<> make_room();
    GreylistPolicy policy();
    Result<> open_for_writing();
    void begin_scan();
    template <class Work>
    void post(Work work);

    asio::io_context& io_;
    const Clock& clock_;
    GreylistSqliteOptions options_;
    bool wants_clients_; // else nobody is whitelisted, and their rows need not be recalled

    LruCache<std::optional<TripletRow>> triplets_; // none: known not to be there
    LruCache<std::optional<ClientRow>> clients_;
    std::unordered_map<std::string, Unwritten> unwritten_;
    std::optional<KeyFilter> filter_; // of all keys in the file; none: it is being made
    std::uint64_t last_number_ = 0; // of a write
    std::uint64_t rereads_ = 0;
    std::string trouble_;
    bool is_full_ = false;
    std::uint64_t failed_finds_ = 0;
    std::uint64_t lost_writes_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>(); // for what is posted and arrives after the end

    std::optional<GreylistTables> writer_tables_; // the writer's alone
    std::optional<GreylistScan> scan_;            // the writer's alone; none: it is done
    std::chrono::steady_clock::time_point rested_{}; // the writer's alone
    std::atomic<bool> wants_scan_ = false;
    GreylistExpiry expiry_;                       // the writer's alone
    bool writer_is_full_ = false;                 // the writer's alone
    bool lacks_room_ = false;                     // the writer's alone: make_room() has failed
    int haste_ = 1;                               // the writer's alone: by what ages are divided while it is full
    std::mutex policy_mutex_;                     // guards options_.policy
    std::array<Reader, 4> readers_;
    std::size_t next_reader_ = 0; // whose turn it is
    std::unique_ptr<BatchThread<Write>> writer_;
};

} // namespace postern
