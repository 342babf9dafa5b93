// fake_directory - a directory in a set, which can be told to fail or to wait
#pragma once

#include "common/ldap/directory.h"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <set>

namespace postern {

class FakeDirectory final : public Directory {
public:
    explicit FakeDirectory(std::set<std::string> known = {})
        : addresses(std::move(known))
    {
    }

    asio::awaitable<DirectoryAnswer> find(MailAddress address, Deadline) override
    {
        asked.push_back(address.text());
        if (delay.count() > 0) {
            asio::steady_timer timer(co_await asio::this_coro::executor, delay);
            co_await timer.async_wait(asio::use_awaitable);
        }
        if (!trouble.empty())
            co_return DirectoryAnswer{DirectoryStatus::unavailable, trouble};
        co_return DirectoryAnswer{addresses.contains(address.text()) ? DirectoryStatus::exists
                                                                     : DirectoryStatus::not_there};
    }

    DirectoryState state() const override { return {"fake", trouble, {}}; }

    std::set<std::string> addresses;
    std::string trouble;
    std::chrono::milliseconds delay{0};
    std::vector<std::string> asked;
};

} // namespace postern
