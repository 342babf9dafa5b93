// greylist_rows - what greylisting remembers of a triplet and of a client
#pragma once

#include "common/clock.h"

#include <cstdint>
#include <optional>

namespace postern {

struct TripletRow {
    Timestamp first; // first seen, of this attempt
    Timestamp last;  // seen last; first + delay or later once it was let in

    bool operator==(const TripletRow&) const = default;
};

struct ClientRow {
    std::int64_t passes = 0; // triplets of this client that were let in, at most one an hour
    Timestamp last;

    bool operator==(const ClientRow&) const = default;
};

struct GreylistRows {
    std::optional<TripletRow> triplet;
    std::optional<ClientRow> client;
};

struct GreylistWrites {
    std::optional<TripletRow> triplet; // replace what was found
    std::optional<ClientRow> client;
};

} // namespace postern
