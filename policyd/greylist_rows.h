// greylist_rows - what greylisting remembers of a triplet and of a client
#pragma once

#include "common/clock.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace postern {

// Times are kept in seconds since 1970, by each store and in each text.
inline Timestamp timestamp(std::int64_t seconds)
{
    return Timestamp(std::chrono::seconds(seconds));
}

struct TripletRow {
    Timestamp first; // first seen, of this attempt
    Timestamp last;  // seen last; later than `first` if and only if it was let in

    bool was_let_in() const { return last > first; }
    bool operator==(const TripletRow&) const = default;
};

struct ClientRow {
    std::int64_t passes = 0; // triplets of this client that were let in, at most one an hour
    Timestamp last;

    bool operator==(const ClientRow&) const = default;
};

struct GreylistRowPair {
    std::optional<TripletRow> triplet;
    std::optional<ClientRow> client;

    bool operator==(const GreylistRowPair&) const = default;
};

// What is known, or what is to be written in place of it, under both names of a client.
struct GreylistRows {
    GreylistRowPair network;
    GreylistRowPair domain;

    bool operator==(const GreylistRows&) const = default;
};

// One row under its key, as it is written, exported and read back.
struct GreylistWrite {
    std::string key;
    std::variant<TripletRow, ClientRow> row;
};

} // namespace postern
