// statement - one prepared SQL statement
//
// Bind by position from 1, step until there is no row, read columns from 0,
// reset. Text is copied both ways.
#pragma once

#include "common/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3_stmt;

namespace postern {

class Statement {
public:
    Statement& bind(int position, std::int64_t value);
    Statement& bind(int position, std::string_view value);

    // true: there is a row to read; false: done.
    Result<bool> step();

    // For a statement without rows: runs it and makes it ready for the next.
    Result<> run();

    std::int64_t integer(int column) const;
    std::string text(int column) const;

    void reset();

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* handle) const;
    };

    explicit Statement(sqlite3_stmt* handle)
        : handle_(handle)
    {
    }

    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

} // namespace postern
