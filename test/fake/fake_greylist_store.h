// fake_greylist_store - a greylist in a map, which can be told to fail
#pragma once

#include "policyd/greylist_store.h"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace postern {

class FakeGreylistStore final : public GreylistStore {
public:
    using GreylistStore::recall;
    using GreylistStore::look_ahead;

    // What it has been asked for once, as a store with a memory.
    std::optional<GreylistRowPair> recall(const GreylistKeyPair& keys, const GreylistKeyHashes& hashes) override
    {
        const auto right = look_ahead(keys);
        wrong_hashes += hashes.triplet != 0 && hashes.triplet != right.triplet;
        wrong_hashes += hashes.client != 0 && hashes.client != right.client;
        if (!known.contains(keys.triplet) || !trouble.empty())
            return {};
        ++recalls;
        return rows(keys);
    }

    GreylistKeyHashes look_ahead(const GreylistKeyPair& keys) override
    {
        return {std::hash<std::string>()(keys.triplet), std::hash<std::string>()(keys.client)};
    }

    std::optional<ClientRow> recall_client(const GreylistKeyPair& keys) override
    {
        return trouble.empty() && known_clients.contains(keys.client) ? rows(keys).client : std::nullopt;
    }

    asio::awaitable<Result<GreylistRows>> find(const GreylistKeys& keys, Deadline) override
    {
        ++finds;
        if (!trouble.empty())
            co_return fail("{}", trouble);
        known.insert(keys.network.triplet);
        known.insert(keys.domain.triplet);
        known_clients.insert({keys.network.client, keys.domain.client});
        co_return GreylistRows{rows(keys.network), rows(keys.domain)};
    }

    void apply(const GreylistKeyPair& keys, const GreylistRowPair& writes) override
    {
        if (writes.triplet)
            triplets.insert_or_assign(keys.triplet, *writes.triplet);
        if (writes.client)
            clients.insert_or_assign(keys.client, *writes.client);
    }

    GreylistRowPair rows(const GreylistKeyPair& keys) const
    {
        GreylistRowPair rows;
        if (const auto it = triplets.find(keys.triplet); it != triplets.end())
            rows.triplet = it->second;
        if (const auto it = clients.find(keys.client); it != clients.end())
            rows.client = it->second;
        return rows;
    }

    GreylistStoreState state() const override { return {trouble, 0, 0, triplets.size() + clients.size(), 0}; }

    std::string trouble;
    int finds = 0;
    int recalls = 0;
    int wrong_hashes = 0; // that recall() was given for other keys
    std::set<std::string> known, known_clients;
    std::map<std::string, TripletRow> triplets;
    std::map<std::string, ClientRow> clients;
};

} // namespace postern
