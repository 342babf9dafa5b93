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
#include "policyd/greylist_key.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace postern {

// One change, as the store's queue carries it.
struct GreylistWrite {
    std::string key;
    std::variant<TripletRow, ClientRow> row;
};

class GreylistTables {
public:
    static Result<GreylistTables> open(const std::string& path);
    static Result<GreylistTables> open_for_reading(const std::string& path);

    Result<GreylistRowPair> find(const GreylistKeyPair& keys);

    // All of them in one transaction, or none.
    Result<> write(std::span<const GreylistWrite> writes);

    // Looks at the next `count` triplets and clients and deletes those that no
    // longer mean anything. Gives how many were deleted.
    Result<int> expire(Timestamp now, const GreylistPolicy& policy, int count);

    // Shows the `count` keys that follow `cursor`, and moves it; gives how many there were.
    enum class Table { triplet, client };
    Result<int> next_keys(Table table, std::string& cursor, int count,
                          const std::function<void(std::string_view)>& show);

    Result<std::int64_t> size() { return database_.size(); } // octets

    // Whether anybody else has written to the file since the last time this was asked.
    Result<bool> was_changed_by_others();

private:
    explicit GreylistTables(Database database);
    Result<> prepare(bool for_writing);
    Result<> transaction(const std::function<Result<>()>& changes);
    Result<> write_all(std::span<const GreylistWrite> writes);

    Database database_;
    std::optional<Statement> find_triplet_, find_client_, put_triplet_, put_client_;
    std::optional<Statement> next_triplets_, next_clients_, delete_triplet_, delete_client_;
    std::string triplet_cursor_, client_cursor_; // the last key that expire() has looked at
    std::int64_t data_version_ = 0;
};

} // namespace postern
