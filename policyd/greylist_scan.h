// greylist_scan - makes the filter of the keys that a greylist's file holds
//
// A little at a time, on the thread that writes the file, so that a file of
// ten million rows is gone through between other work. Who writes meanwhile
// tells of each key, since the scan may be past its place.
// Failure: of the file; begin anew with another scan.
#pragma once

#include "common/result.h"
#include "policyd/greylist_tables.h"
#include "policyd/key_filter.h"

#include <string>
#include <string_view>

namespace postern {

class GreylistScan {
public:
    // `octets`: the size of the file, which tells about how many keys there are.
    explicit GreylistScan(std::int64_t octets);

    void saw(std::string_view key) { filter_.add(key); } // it is in the file, or will be

    // Goes through the next `count` keys. True: all are in the filter.
    Result<bool> step(GreylistTables& tables, int count);

    // Once step() has said so.
    KeyFilter take() { return std::move(filter_); }

private:
    KeyFilter filter_;
    GreylistTables::Table table_ = GreylistTables::Table::triplet;
    std::string cursor_; // the last key that was seen of the table
};

} // namespace postern
