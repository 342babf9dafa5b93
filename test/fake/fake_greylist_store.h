// fake_greylist_store - a greylist in a map, which can be told to fail
#pragma once

#include "policyd/greylist_store.h"

#include <map>

namespace postern {

class FakeGreylistStore final : public GreylistStore {
public:
    asio::awaitable<Result<GreylistRows>> find(const GreylistKeys& keys, Deadline) override
    {
        ++finds;
        if (!trouble.empty())
            co_return fail("{}", trouble);
        GreylistRows rows;
        if (const auto it = triplets.find(keys.triplet); it != triplets.end())
            rows.triplet = it->second;
        if (const auto it = clients.find(keys.client); it != clients.end())
            rows.client = it->second;
        co_return rows;
    }

    void apply(const GreylistKeys& keys, const GreylistWrites& writes) override
    {
        if (writes.triplet)
            triplets.insert_or_assign(keys.triplet, *writes.triplet);
        if (writes.client)
            clients.insert_or_assign(keys.client, *writes.client);
    }

    GreylistStoreState state() const override { return {trouble, 0, 0, triplets.size() + clients.size(), 0}; }

    std::string trouble;
    int finds = 0;
    std::map<std::string, TripletRow> triplets;
    std::map<std::string, ClientRow> clients;
};

} // namespace postern
