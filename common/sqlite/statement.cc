#include "common/sqlite/statement.h"

#include <sqlite3.h>

namespace postern {

void Statement::Finalize::operator()(sqlite3_stmt* handle) const
{
    sqlite3_finalize(handle);
}

Statement& Statement::bind(int position, std::int64_t value)
{
    sqlite3_bind_int64(handle_.get(), position, value);
    return *this;
}

Statement& Statement::bind(int position, std::string_view value)
{
    sqlite3_bind_text(handle_.get(), position, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
    return *this;
}

Result<bool> Statement::step()
{
    switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW:
        return true;
    case SQLITE_DONE:
        return false;
    default: {
        auto* database = sqlite3_db_handle(handle_.get());
        const auto fault = fail("{}: {}", sqlite3_db_filename(database, "main"), sqlite3_errmsg(database));
        reset(); // a statement left in the middle of a row keeps its transaction open
        return fault;
    }
    }
}

Result<> Statement::run()
{
    const auto row = step();
    reset();
    if (!row)
        return tl::unexpected(row.error());
    return {};
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(handle_.get(), column);
}

std::string Statement::text(int column) const
{
    const auto* data = sqlite3_column_text(handle_.get(), column);
    if (!data)
        return {};
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

void Statement::reset()
{
    sqlite3_reset(handle_.get());
    sqlite3_clear_bindings(handle_.get());
}

} // namespace postern
