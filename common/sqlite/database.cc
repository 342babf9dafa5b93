#include "common/sqlite/database.h"

#include <chrono>
#include <cstring>
#include <sqlite3.h>
#include <thread>

namespace postern {
namespace {

constexpr int busy_timeout_ms = 5000; // another process of ours (the tool) may be writing

// Pages of the WAL that are carried into the file at a time, each once however often it was written: 16 MB.
constexpr int checkpoint_pages = 4000;

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
    if (const auto ok = database.enter_wal_mode(); !ok)
        return tl::unexpected(ok.error());
    if (const auto ok = database.execute(
            fmt::format("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint={}", checkpoint_pages));
        !ok)
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
        return handle ? fault() : fail("{}: {}", path_, sqlite3_errstr(rc));
    // A file that may not be written is opened for reading only, and says so much later
    if (sqlite3_db_readonly(handle, "main") == 1)
        return fail("{}: is read-only for this user", path_);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    return {};
}

// What SQLite says, and what the system said to SQLite.
tl::unexpected<Error> Database::fault() const
{
    auto* handle = handle_.get();
    const int rc = sqlite3_errcode(handle);
    const int system = sqlite3_system_errno(handle);
    if (system != 0 && (rc == SQLITE_CANTOPEN || rc == SQLITE_IOERR))
        return fail("{}: {}: {}", path_, sqlite3_errmsg(handle), std::strerror(system));
    if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
        return fail("{}: is damaged: {}; move it away to begin anew", path_, sqlite3_errmsg(handle));
    return fail("{}: {}", path_, sqlite3_errmsg(handle));
}

// SQLite does not wait for others here, whatever the busy timeout: two that
// open a new file at once would both be told that it is locked.
Result<> Database::enter_wal_mode()
{
    constexpr std::chrono::milliseconds pause(10);
    for (int tries = busy_timeout_ms / pause.count();; --tries) {
        const auto ok = execute("PRAGMA journal_mode=WAL");
        if (ok || tries == 0 || sqlite3_errcode(handle_.get()) != SQLITE_BUSY)
            return ok;
        std::this_thread::sleep_for(pause);
    }
}

// Before anything is written: is it ours, and do we know its schema? Read as of
// one moment: another process may be making the tables.
Result<> Database::check_owner(const Schema& schema)
{
    if (const auto ok = execute("BEGIN"); !ok)
        return ok;
    const auto ok = check_owner_now(schema);
    (void)execute("ROLLBACK"); // nothing was written
    return ok;
}

Result<> Database::check_owner_now(const Schema& schema)
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
    const auto known = static_cast<std::int64_t>(schema.migrations.size());
    if (*version > known)
        return fail("{}: has schema version {}, this program knows up to {}: a newer one has written it", path_,
                    *version, known);
    return {};
}

Result<> Database::migrate(const Schema& schema)
{
    for (;;) {
        const auto more = migrate_one(schema);
        if (!more) {
            (void)execute("ROLLBACK");
            return tl::unexpected(more.error());
        }
        if (!*more)
            return execute("COMMIT");
    }
}

// Leaves a transaction open if there was nothing to do. The version is read
// inside of it: another process may be opening the same file.
Result<bool> Database::migrate_one(const Schema& schema)
{
    if (const auto ok = execute("BEGIN IMMEDIATE"); !ok)
        return tl::unexpected(ok.error());
    const auto version = read_pragma("user_version");
    if (!version)
        return tl::unexpected(version.error());
    const auto next = static_cast<std::size_t>(*version);
    if (next >= schema.migrations.size())
        return false;
    // The version is part of the transaction: half a migration cannot happen
    const auto ok = execute(fmt::format("{}; PRAGMA user_version={}; PRAGMA application_id={}; COMMIT",
                                        schema.migrations[next], next + 1, schema.application_id));
    if (!ok)
        return fail("{} (while bringing the schema to version {})", ok.error().what, next + 1);
    return true;
}

Result<std::int64_t> Database::read_pragma(std::string_view name)
{
    auto statement = prepare(fmt::format("PRAGMA {}", name));
    if (!statement)
        return tl::unexpected(statement.error());
    const auto row = statement->step();
    if (!row)
        return tl::unexpected(row.error());
    return *row ? statement->integer(0) : 0;
}

Result<> Database::execute(std::string_view sql)
{
    if (sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return fault();
    return {};
}

Result<Statement> Database::prepare(std::string_view sql)
{
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement, nullptr)
        != SQLITE_OK)
        return fault();
    return Statement(statement);
}

Result<std::int64_t> Database::size()
{
    const auto pages = read_pragma("page_count");
    const auto page_size = read_pragma("page_size");
    if (!pages || !page_size)
        return tl::unexpected(pages ? page_size.error() : pages.error());
    return *pages * *page_size;
}

Result<std::int64_t> Database::limit_size(std::int64_t octets)
{
    const auto page_size = read_pragma("page_size");
    if (!page_size)
        return tl::unexpected(page_size.error());
    return read_pragma(fmt::format("max_page_count={}", octets / *page_size));
}

bool Database::has_moved() const
{
    int moved = 0;
    return sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

int Database::changes() const
{
    return sqlite3_changes(handle_.get());
}

} // namespace postern
