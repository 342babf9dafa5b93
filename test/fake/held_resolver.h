// held_resolver - a DNS whose answers come when the test says so
//
// As FakeResolver, but questions for names that are held wait until they are
// released, or for their deadline.
#pragma once

#include "common/pending.h"
#include "test/fake/fake_resolver.h"

#include <set>

namespace postern {

class HeldResolver final : public Resolver {
public:
    asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline deadline) override
    {
        ++lookups;
        if (held_.contains(name)) {
            auto& pending = waiting_[name];
            if (!pending)
                pending = std::make_shared<Pending<bool>>();
            if (!co_await Pending<bool>::wait(pending, deadline))
                co_return DnsReply{};
        }
        co_return co_await zone_.lookup(std::move(name), type, deadline);
    }

    void set(std::string name, RrType type, DnsReply reply) { zone_.set(std::move(name), type, std::move(reply)); }
    void hold(std::string name) { held_.insert(std::move(name)); }

    void release(const std::string& name)
    {
        held_.erase(name);
        if (const auto it = waiting_.find(name); it != waiting_.end())
            it->second->complete(true);
        waiting_.erase(name);
    }

    int lookups = 0;

private:
    FakeResolver zone_;
    std::set<std::string> held_;
    std::map<std::string, std::shared_ptr<Pending<bool>>> waiting_;
};

} // namespace postern
