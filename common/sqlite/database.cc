#include "common/sqlite/database.h"

#include <sqlite3.h>

namespace postern {
namespace {

constexpr int busy_timeout_ms = 5000; // another process of ours (the tool) may be writing

} // namespace

void Database::Close::operator()(sqlite3* handle) const
{
    sqlite3_close_v2(handle);
}

Result<Database> Database::open(const std::string& path, const Schema& schema)
{
    Database database(path);
    if (const auto ok = database.connect(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE); !ok)
        return tl::unexpected(ok.error());
    if (const auto ok = database.check_owner(schema); !ok)
        return tl::unexpected(ok.error());
    for (const auto* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"})
        if (const auto ok = database.execute(pragma); !ok)
            return tl::unexpected(ok.error());
    if (const auto ok = database.migrate(schema); !ok)
        return tl::unexpected(ok.error());
    return database;
}

Result<Database> Database::open_for_reading(const std::string& path, const Schema& schema)
{
    // Not SQLITE_OPEN_READONLY: a reader of a WAL file must be able to make its -shm
    Database database(path);
    if (const auto ok = database.connect(SQLITE_OPEN_READWRITE); !ok)
        return tl::unexpected(ok.error());
    if (const auto ok = database.check_owner(schema); !ok)
        return tl::unexpected(ok.error());
    if (const auto ok = database.execute("PRAGMA query_only=ON"); !ok)
        return tl::unexpected(ok.error());
    return database;
}

Result<> Database::connect(int flags)
{
    sqlite3* handle = nullptr;
    const int rc = sqlite3_open_v2(path_.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(handle);
    if (rc != SQLITE_OK)
        return fail("{}: {}", path_, handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc));
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    return {};
}

// Before anything is written: is it ours, and do we know its schema?
Result<> Database::check_owner(const Schema& schema)
{
    const auto owner = read_pragma("application_id");
    if (!owner)
        return tl::unexpected(owner.error());
    const auto version = read_pragma("user_version");
    if (!version)
        return tl::unexpected(version.error());
    const auto changes = read_pragma("schema_version"); // 0: no table was ever made
    if (!changes)
        return tl::unexpected(changes.error());

    if (*changes != 0 && *owner != schema.application_id)
        return fail("{}: is a SQLite database, but not of this program", path_);
    const int known = static_cast<int>(schema.migrations.size());
    if (*version > known)
        return fail("{}: has schema version {}, this program knows up to {}: a newer one has written it", path_, *version,
                    known);
    return {};
}

Result<> Database::migrate(const Schema& schema)
{
    const auto version = read_pragma("user_version");
    if (!version)
        return tl::unexpected(version.error());
    for (auto next = static_cast<std::size_t>(*version); next < schema.migrations.size(); ++next) {
        // The version is part of the transaction: half a migration cannot happen
        const auto ok = execute(fmt::format("BEGIN IMMEDIATE; {}; PRAGMA user_version={}; PRAGMA application_id={}; COMMIT",
                                            schema.migrations[next], next + 1, schema.application_id));
        if (!ok) {
            (void)execute("ROLLBACK");
            return fail("{} (while bringing the schema to version {})", ok.error().what, next + 1);
        }
    }
    return {};
}

Result<int> Database::read_pragma(std::string_view name)
{
    auto statement = prepare(fmt::format("PRAGMA {}", name));
    if (!statement)
        return tl::unexpected(statement.error());
    const auto row = statement->step();
    if (!row)
        return tl::unexpected(row.error());
    return *row ? static_cast<int>(statement->integer(0)) : 0;
}

Result<> Database::execute(std::string_view sql)
{
    if (sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return fail("{}: {}", path_, sqlite3_errmsg(handle_.get()));
    return {};
}

Result<Statement> Database::prepare(std::string_view sql)
{
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                           nullptr)
        != SQLITE_OK)
        return fail("{}: {}", path_, sqlite3_errmsg(handle_.get()));
    return Statement(statement);
}

int Database::changes() const
{
    return sqlite3_changes(handle_.get());
}

} // namespace postern
