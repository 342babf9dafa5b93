// greylist_tables - the greylist in a SQLite file
//
// Two tables, each keyed by the text that greylist_key makes. One object is
// for one thread; two on the same file may work side by side (WAL).
// Old rows go a few at a time: expire() looks at the next rows in key order
// and remembers where it stopped, so that it needs no index on the time,
// which every write would have to keep.
#pragma once

#include "common/sqlite/database.h"
#include "policyd/greylist_decision.h"
#include "policyd/greylist_records.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class GreylistTables final : public GreylistRecords {
public:
    static Result<GreylistTables> open(const std::string& path);
    static Result<GreylistTables> open_for_reading(const std::string& path);

    Result<GreylistRowPair> find(const GreylistKeyPair& keys) override;

    // All of them in one transaction, or none.
    Result<> write(std::span<const GreylistWrite> writes) override;
    Result<int> merge(std::span<const GreylistWrite> rows) override;
    Result<> erase(std::span<const GreylistWrite> rows) override;

    Result<std::vector<GreylistWrite>> page(Table table, const std::string& after, int count) override;

    // From here on a write beyond this size fails.
    Result<> limit_size(std::int64_t octets);
    // How much of the limit is in use, from 0 to 1; 0 without a limit.
    Result<double> used();

    // Whether the file was moved away, removed or replaced.
    bool has_moved() const { return database_.has_moved(); }

    // Whether there are keys that postgrey had hashed: from now on find() looks for them, or does not.
    Result<bool> look_for_hashed_rows();

    // Looks at the next `count` triplets and clients and deletes those that no
    // longer mean anything. Gives how many were deleted.
    Result<int> expire(Timestamp now, const GreylistPolicy& policy, int count);

    // Shows the `count` keys that follow `cursor`, and moves it; gives how many there were.
    Result<int> next_keys(Table table, std::string& cursor, int count,
                          const std::function<void(std::string_view)>& show);

    Result<std::int64_t> size() { return database_.size(); } // octets

    // Whether anybody else has written to the file since the last time this was asked.
    Result<bool> was_changed_by_others();

    // Whether expire() has looked at the last triplet and begins anew.
    bool is_at_begin() const { return triplet_cursor_.empty(); }

private:
    explicit GreylistTables(Database database);
    Result<> prepare(bool for_writing);
    Result<> transaction(const std::function<Result<>()>& changes);
    Result<> write_all(std::span<const GreylistWrite> writes);
    Result<std::optional<TripletRow>> find_triplet(const std::string& key);
    Result<std::optional<ClientRow>> find_client(const std::string& key);
    Result<std::optional<GreylistWrite>> merged(const GreylistWrite& row);

    Database database_;
    std::optional<Statement> find_triplet_, find_client_, put_triplet_, put_client_;
    std::optional<Statement> next_triplets_, next_clients_, delete_triplet_, delete_client_;
    std::optional<Statement> page_count_, free_count_;
    std::int64_t most_pages_ = 0; // 0: no limit
    bool has_hashed_rows_ = false;
    std::string triplet_cursor_, client_cursor_; // the last key that expire() has looked at
    std::int64_t data_version_ = 0;
};

} // namespace postern
