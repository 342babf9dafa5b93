// greylist_store - what greylisting remembers
//
// A decision is three steps: find() what is known, decide (greylist_decision,
// pure), apply() what the decision changes. So a store is only a memory, and
// every store decides alike. recall() is find() as far as this process knows
// without asking anyone; a store may know nothing so.
// Failure: find() gives an Error when the store does not answer by the
// deadline or does not work; the caller then lets the mail pass. apply()
// never fails for the caller: what cannot be written is lost and counted.
#pragma once

#include "common/clock.h"
#include "common/result.h"
#include "policyd/greylist_decision.h"
#include "policyd/greylist_key.h"
#include "policyd/greylist_rows.h"

#include <asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace postern {

struct GreylistStoreState {
    std::string trouble; // why the store does not work; empty: it does
    std::uint64_t failed_finds = 0;
    std::uint64_t lost_writes = 0;
    std::size_t cached_rows = 0;
    std::size_t waiting_writes = 0;
    std::size_t filter_octets = 0; // of memory that tells which keys the store does not hold; 0: nothing tells
    bool is_full = false; // it learns nothing more for now, and mail that it does not know passes
};

class GreylistStore {
public:
    virtual ~GreylistStore() = default;

    // Both rows of one pair, if they, or that they are not there, can be told at once.
    virtual std::optional<GreylistRowPair> recall(const GreylistKeyPair& keys, const GreylistKeyHashes& hashes) = 0;
    std::optional<GreylistRowPair> recall(const GreylistKeyPair& keys) { return recall(keys, {}); }

    // recall() is going to come, as LruCache has it: of the keys first, then of the hashes.
    virtual GreylistKeyHashes look_ahead(const GreylistKeyPair&) { return {}; }
    virtual void look_ahead(const GreylistKeyHashes&) {}

    // Of them the client's alone, where that can be told and the triplet's cannot.
    virtual std::optional<ClientRow> recall_client(const GreylistKeyPair&) { return std::nullopt; }

    // The rows of both pairs, in one question. `keys` must live until the awaitable is done.
    virtual asio::awaitable<Result<GreylistRows>> find(const GreylistKeys& keys, Deadline deadline) = 0;

    // After a recall() or find() of the same keys: the rows that are there replace what was found.
    virtual void apply(const GreylistKeyPair& keys, const GreylistRowPair& writes) = 0;

    virtual GreylistStoreState state() const = 0;

    // What is too old from now on.
    virtual void set_policy(const GreylistPolicy&) {}

    // Another program has changed what is stored.
    virtual void reread() {}
};

} // namespace postern
