#include "policyd/greylist_tables.h"

#include <utility>
#include <vector>

namespace postern {
namespace {

constexpr int application_id = 0x706f7374; // "post"

constexpr std::string_view migrations[] = {
    "CREATE TABLE triplet(key TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE client(key TEXT PRIMARY KEY, passes INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID",
};

constexpr Schema schema{application_id, migrations};

std::int64_t number(Timestamp time)
{
    return time.time_since_epoch().count();
}

Timestamp timestamp(std::int64_t seconds)
{
    return Timestamp(std::chrono::seconds(seconds));
}

// The keys of a page of rows that `is_old` names; `cursor` moves to the page's end.
template <class IsOld>
Result<std::vector<std::string>> old_keys(Statement& page, std::string& cursor, int count, IsOld is_old)
{
    std::vector<std::string> keys;
    int seen = 0;
    page.bind(1, cursor).bind(2, std::int64_t{count});
    for (;;) {
        const auto row = page.step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            break;
        ++seen;
        cursor = page.text(0);
        if (is_old(page.integer(1), page.integer(2)))
            keys.push_back(cursor);
    }
    page.reset();
    if (seen < count)
        cursor.clear(); // the table's end: begin again
    return keys;
}

Result<> remove(Statement& statement, std::span<const std::string> keys)
{
    for (const auto& key : keys)
        if (const auto ok = statement.bind(1, key).run(); !ok)
            return ok;
    return {};
}

} // namespace

GreylistTables::GreylistTables(Database database)
    : database_(std::move(database))
{
}

Result<GreylistTables> GreylistTables::open(const std::string& path)
{
    auto database = Database::open(path, schema);
    if (!database)
        return tl::unexpected(database.error());
    GreylistTables tables(std::move(*database));
    if (const auto ok = tables.prepare(true); !ok)
        return tl::unexpected(ok.error());
    if (const auto changed = tables.was_changed_by_others(); !changed) // from now on
        return tl::unexpected(changed.error());
    return tables;
}

Result<GreylistTables> GreylistTables::open_for_reading(const std::string& path)
{
    auto database = Database::open_for_reading(path, schema);
    if (!database)
        return tl::unexpected(database.error());
    GreylistTables tables(std::move(*database));
    if (const auto ok = tables.prepare(false); !ok)
        return tl::unexpected(ok.error());
    return tables;
}

Result<> GreylistTables::prepare(bool for_writing)
{
    const struct {
        std::optional<Statement>& statement;
        std::string_view sql;
        bool writes;
    } all[] = {
        {find_triplet_, "SELECT first, last FROM triplet WHERE key=?", false},
        {find_client_, "SELECT passes, last FROM client WHERE key=?", false},
        {put_triplet_, "INSERT OR REPLACE INTO triplet VALUES(?, ?, ?)", true},
        {put_client_, "INSERT OR REPLACE INTO client VALUES(?, ?, ?)", true},
        {next_triplets_, "SELECT key, first, last FROM triplet WHERE key > ? ORDER BY key LIMIT ?", true},
        {next_clients_, "SELECT key, passes, last FROM client WHERE key > ? ORDER BY key LIMIT ?", true},
        {delete_triplet_, "DELETE FROM triplet WHERE key=?", true},
        {delete_client_, "DELETE FROM client WHERE key=?", true},
    };
    for (const auto& one : all) {
        if (one.writes && !for_writing)
            continue;
        auto statement = database_.prepare(one.sql);
        if (!statement)
            return tl::unexpected(statement.error());
        one.statement = std::move(*statement);
    }
    return {};
}

Result<GreylistRowPair> GreylistTables::find(const GreylistKeyPair& keys)
{
    GreylistRowPair rows;

    find_triplet_->bind(1, keys.triplet);
    const auto triplet = find_triplet_->step();
    if (!triplet)
        return tl::unexpected(triplet.error());
    if (*triplet)
        rows.triplet = TripletRow{timestamp(find_triplet_->integer(0)), timestamp(find_triplet_->integer(1))};
    find_triplet_->reset();

    find_client_->bind(1, keys.client);
    const auto client = find_client_->step();
    if (!client)
        return tl::unexpected(client.error());
    if (*client)
        rows.client = ClientRow{find_client_->integer(0), timestamp(find_client_->integer(1))};
    find_client_->reset();
    return rows;
}

Result<> GreylistTables::transaction(const std::function<Result<>()>& changes)
{
    if (const auto ok = database_.execute("BEGIN IMMEDIATE"); !ok)
        return ok;
    auto ok = changes();
    if (ok)
        ok = database_.execute("COMMIT");
    if (!ok)
        (void)database_.execute("ROLLBACK"); // fails where a full disk has rolled back already
    return ok;
}

Result<> GreylistTables::write(std::span<const GreylistWrite> writes)
{
    return transaction([&] { return write_all(writes); });
}

Result<> GreylistTables::write_all(std::span<const GreylistWrite> writes)
{
    for (const auto& write : writes) {
        auto& put = std::holds_alternative<TripletRow>(write.row) ? *put_triplet_ : *put_client_;
        if (const auto* triplet = std::get_if<TripletRow>(&write.row))
            put.bind(1, write.key).bind(2, number(triplet->first)).bind(3, number(triplet->last));
        else if (const auto* client = std::get_if<ClientRow>(&write.row))
            put.bind(1, write.key).bind(2, client->passes).bind(3, number(client->last));
        if (const auto ok = put.run(); !ok)
            return ok;
    }
    return {};
}

Result<int> GreylistTables::expire(Timestamp now, const GreylistPolicy& policy, int count)
{
    const auto triplets = old_keys(*next_triplets_, triplet_cursor_, count, [&](std::int64_t first, std::int64_t last) {
        const TripletRow row{timestamp(first), timestamp(last)};
        return row.was_let_in() ? now - timestamp(last) > policy.max_age : now - timestamp(first) > policy.retry_window;
    });
    if (!triplets)
        return tl::unexpected(triplets.error());
    const auto clients = old_keys(*next_clients_, client_cursor_, count, [&](std::int64_t, std::int64_t last) {
        return now - timestamp(last) > policy.max_age;
    });
    if (!clients)
        return tl::unexpected(clients.error());

    if (triplets->empty() && clients->empty())
        return 0;
    const auto ok = transaction([&]() -> Result<> {
        if (const auto done = remove(*delete_triplet_, *triplets); !done)
            return done;
        return remove(*delete_client_, *clients);
    });
    if (!ok)
        return tl::unexpected(ok.error());
    return static_cast<int>(triplets->size() + clients->size());
}

Result<int> GreylistTables::next_keys(Table table, std::string& cursor, int count,
                                      const std::function<void(std::string_view)>& show)
{
    auto& page = table == Table::triplet ? *next_triplets_ : *next_clients_;
    page.bind(1, cursor).bind(2, std::int64_t{count});
    int seen = 0;
    for (;; ++seen) {
        const auto row = page.step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            break;
        cursor = page.text(0);
        show(cursor);
    }
    page.reset();
    return seen;
}

Result<bool> GreylistTables::was_changed_by_others()
{
    const auto version = database_.data_version();
    if (!version)
        return tl::unexpected(version.error());
    return std::exchange(data_version_, *version) != *version;
}

} // namespace postern
