#include "policyd/greylist_tables.h"

#include "policyd/postgrey_dump.h"
#include "policyd/postgrey_hash.h"

#include <algorithm>
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
        {next_triplets_, "SELECT key, first, last FROM triplet WHERE key > ? ORDER BY key LIMIT ?", false},
        {next_clients_, "SELECT key, passes, last FROM client WHERE key > ? ORDER BY key LIMIT ?", false},
        {delete_triplet_, "DELETE FROM triplet WHERE key=?", true},
        {delete_client_, "DELETE FROM client WHERE key=?", true},
        {page_count_, "PRAGMA page_count", false},
        {free_count_, "PRAGMA freelist_count", false},
    };
    for (const auto& one : all) {
        if (one.writes && !for_writing)
            continue;
        auto statement = database_.prepare(one.sql);
        if (!statement)
            return tl::unexpected(statement.error());
        one.statement = std::move(*statement);
    }
    const auto hashed = look_for_hashed_rows();
    return hashed ? Result<>() : tl::unexpected(hashed.error());
}

// They stand together, behind their mark.
Result<bool> GreylistTables::look_for_hashed_rows()
{
    has_hashed_rows_ = false;
    for (const auto table : {Table::triplet, Table::client}) {
        const auto first = page(table, std::string(1, hashed_mark), 1);
        if (!first)
            return tl::unexpected(first.error());
        has_hashed_rows_ |= !first->empty() && first->front().key.starts_with(hashed_mark);
    }
    return has_hashed_rows_;
}

Result<std::optional<TripletRow>> GreylistTables::find_triplet(const std::string& key)
{
    find_triplet_->bind(1, key);
    const auto found = find_triplet_->step();
    std::optional<TripletRow> row;
    if (found && *found)
        row = TripletRow{timestamp(find_triplet_->integer(0)), timestamp(find_triplet_->integer(1))};
    find_triplet_->reset();
    return found ? Result<std::optional<TripletRow>>(row) : tl::unexpected(found.error());
}

Result<std::optional<ClientRow>> GreylistTables::find_client(const std::string& key)
{
    find_client_->bind(1, key);
    const auto found = find_client_->step();
    std::optional<ClientRow> row;
    if (found && *found)
        row = ClientRow{find_client_->integer(0), timestamp(find_client_->integer(1))};
    find_client_->reset();
    return found ? Result<std::optional<ClientRow>>(row) : tl::unexpected(found.error());
}

Result<GreylistRowPair> GreylistTables::find(const GreylistKeyPair& keys)
{
    auto triplet = find_triplet(keys.triplet);
    if (triplet && !*triplet && has_hashed_rows_)
        for (const auto& text : postgrey_texts(keys.triplet))
            if (triplet && !*triplet)
                triplet = find_triplet(postgrey_hash(text));
    if (!triplet)
        return tl::unexpected(triplet.error());
    auto client = find_client(keys.client);
    if (client && !*client && has_hashed_rows_)
        for (const auto& text : postgrey_texts(keys.client))
            client = find_client(postgrey_hash(text));
    if (!client)
        return tl::unexpected(client.error());
    return GreylistRowPair{*triplet, *client};
}

Result<std::vector<GreylistWrite>> GreylistTables::page(Table table, const std::string& after, int count)
{
    auto& statement = table == Table::triplet ? *next_triplets_ : *next_clients_;
    std::vector<GreylistWrite> rows;
    statement.bind(1, after).bind(2, std::int64_t{count});
    for (;;) {
        const auto row = statement.step();
        if (!row || !*row) {
            statement.reset();
            return row ? Result<std::vector<GreylistWrite>>(std::move(rows)) : tl::unexpected(row.error());
        }
        const auto first = statement.integer(1), second = statement.integer(2);
        if (table == Table::triplet)
            rows.push_back({statement.text(0), TripletRow{timestamp(first), timestamp(second)}});
        else
            rows.push_back({statement.text(0), ClientRow{first, timestamp(second)}});
    }
}

// What is to be written where the row meets one of its key: of a triplet the one that was let in, else the
// newer one; of a client the most passes and the latest time. None: what is there is worth as much.
Result<std::optional<GreylistWrite>> GreylistTables::merged(const GreylistWrite& row)
{
    if (const auto* client = std::get_if<ClientRow>(&row.row)) {
        const auto found = find_client(row.key);
        if (!found)
            return tl::unexpected(found.error());
        if (!*found)
            return row;
        const ClientRow both{std::max((*found)->passes, client->passes), std::max((*found)->last, client->last)};
        return both == **found ? std::nullopt : std::optional(GreylistWrite{row.key, both});
    }
    const auto& triplet = std::get<TripletRow>(row.row);
    const auto found = find_triplet(row.key);
    if (!found)
        return tl::unexpected(found.error());
    const bool is_wanted = !*found
        || ((*found)->was_let_in() != triplet.was_let_in() ? triplet.was_let_in() : (*found)->last < triplet.last);
    return is_wanted ? std::optional(row) : std::nullopt;
}

Result<int> GreylistTables::merge(std::span<const GreylistWrite> rows)
{
    int written = 0;
    const auto ok = transaction([&]() -> Result<> {
        for (const auto& row : rows) {
            const auto wanted = merged(row);
            if (!wanted)
                return tl::unexpected(wanted.error());
            if (!*wanted)
                continue;
            if (const auto put = write_all({&**wanted, 1}); !put)
                return put;
            ++written;
        }
        return {};
    });
    return ok ? Result<int>(written) : tl::unexpected(ok.error());
}

Result<> GreylistTables::erase(std::span<const GreylistWrite> rows)
{
    return transaction([&]() -> Result<> {
        for (const auto& row : rows) {
            auto& statement = std::holds_alternative<TripletRow>(row.row) ? *delete_triplet_ : *delete_client_;
            if (const auto ok = statement.bind(1, row.key).run(); !ok)
                return ok;
        }
        return {};
    });
}

Result<> GreylistTables::limit_size(std::int64_t octets)
{
    const auto pages = database_.limit_size(octets);
    if (!pages)
        return tl::unexpected(pages.error());
    most_pages_ = *pages;
    return {};
}

Result<double> GreylistTables::used()
{
    std::int64_t pages = 0;
    for (auto* statement : {&*page_count_, &*free_count_}) {
        const auto row = statement->step();
        if (!row)
            return tl::unexpected(row.error());
        pages = statement == &*page_count_ ? statement->integer(0) : pages - statement->integer(0);
        statement->reset();
    }
    return most_pages_ > 0 ? static_cast<double>(pages) / static_cast<double>(most_pages_) : 0.0;
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
