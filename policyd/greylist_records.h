// greylist_records - all the rows of a greylist, for who looks after them
//
// What `postern greylist` works on, whatever the store is.
#pragma once

#include "common/result.h"
#include "policyd/greylist_key.h"
#include "policyd/greylist_rows.h"

#include <span>
#include <string>
#include <vector>

namespace postern {

class GreylistRecords {
public:
    enum class Table { triplet, client };

    virtual ~GreylistRecords() = default;

    // A triplet that is not there is looked for among those that postgrey had hashed.
    virtual Result<GreylistRowPair> find(const GreylistKeyPair& keys) = 0;

    // Up to `count` rows whose keys come after `after`, in the order of their keys.
    virtual Result<std::vector<GreylistWrite>> page(Table table, const std::string& after, int count) = 0;

    // In place of what is there.
    virtual Result<> write(std::span<const GreylistWrite> writes) = 0;

    // The same, but what is there already and worth more stays. Gives how many were written.
    virtual Result<int> merge(std::span<const GreylistWrite> rows) = 0;

    virtual Result<> erase(std::span<const GreylistWrite> rows) = 0;
};

} // namespace postern
