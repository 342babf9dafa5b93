// database - a SQLite file that is opened, checked and brought up to date
//
// The only folder that knows sqlite3.h. Every database is in WAL mode, so
// that one writer never keeps readers waiting, and synchronous=NORMAL: after
// a loss of power the last transactions may be missing, the file is whole.
// The schema's version stands in the file (PRAGMA user_version); open() runs
// the migrations that are missing, each in a transaction of its own. While one
// runs nobody else can write, so each takes milliseconds: what has to touch
// every row is done by the owner of the rows, in portions, after opening.
// Failure: a file of a newer schema, of another program, damaged, read-only or
// not to be read is an Error that names the file; nothing is changed then.
#pragma once

#include "common/result.h"
#include "common/sqlite/statement.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;

namespace postern {

struct Schema {
    int application_id = 0; // PRAGMA application_id: whose file this is
    std::span<const std::string_view> migrations; // the n-th makes version n out of n-1
};

class Database {
public:
    // Makes the file if it is missing (mode by umask); its folder must exist.
    static Result<Database> open(const std::string& path, const Schema& schema);

    // For reading only, beside a writer that has opened it first.
    static Result<Database> open_for_reading(const std::string& path, const Schema& schema);

    Result<> execute(std::string_view sql);
    Result<Statement> prepare(std::string_view sql);

    int changes() const; // rows that the last statement wrote or deleted

    // Of the file and the pages that wait for it, in octets.
    Result<std::int64_t> size();

    // Another number once anybody else has written to the file.
    Result<std::int64_t> data_version() { return read_pragma("data_version"); }

    // From here on a write that would make the file larger fails ("database or disk is full"). Gives the limit in pages.
    Result<std::int64_t> limit_size(std::int64_t octets);

    // Whether the file is not the one that was opened any more: renamed, removed or replaced.
    bool has_moved() const;

private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };

    explicit Database(std::string path)
        : path_(std::move(path))
    {
    }
    Result<> connect(int flags);
    Result<> enter_wal_mode();
    tl::unexpected<Error> fault() const;
    Result<std::int64_t> read_pragma(std::string_view name);
    Result<> check_owner(const Schema& schema);
    Result<> check_owner_now(const Schema& schema);
    Result<> migrate(const Schema& schema);
    Result<bool> migrate_one(const Schema& schema);

    std::string path_;
    std::unique_ptr<sqlite3, Close> handle_;
};

} // namespace postern
