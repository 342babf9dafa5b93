#include "policyd/greylist_scan.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::int64_t octets_a_row = 64;      // of the file, or more
constexpr std::size_t fewest = 100'000;        // keys that a filter is made for: room for those to come
constexpr std::size_t most = 40'000'000;       // 60 MB of filter

std::size_t keys_in(std::int64_t octets)
{
    const auto rows = static_cast<std::size_t>(std::max<std::int64_t>(octets, 0) / octets_a_row);
    return std::clamp(rows + rows / 2, fewest, most);
}

} // namespace

GreylistScan::GreylistScan(std::int64_t octets)
    : filter_(keys_in(octets))
{
}

Result<bool> GreylistScan::step(GreylistTables& tables, int count)
{
    const auto seen = tables.next_keys(table_, cursor_, count, [this](std::string_view key) { filter_.add(key); });
    if (!seen)
        return tl::unexpected(seen.error());
    if (*seen == count)
        return false;
    if (table_ == GreylistTables::Table::client)
        return true;
    table_ = GreylistTables::Table::client;
    cursor_.clear();
    return false;
}

} // namespace postern
