// fake_resolver - a DNS that a test writes down
//
// A name that is not listed does not exist. Put DnsStatus::tempfail for a
// name to see what a check does when the DNS is broken.
#pragma once

#include "common/dns/resolver.h"
#include "common/text.h"

#include <map>
#include <utility>

namespace postern {

class FakeResolver final : public Resolver {
public:
    using Zone = std::map<std::pair<std::string, RrType>, DnsReply>;

    explicit FakeResolver(Zone zone = {})
        : zone_(std::move(zone))
    {
    }

    asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline) override
    {
        ++lookups;
        asked.push_back(name);
        const auto it = zone_.find({to_lower(name), type});
        co_return it == zone_.end() ? DnsReply{DnsStatus::nxdomain, {}, {}} : it->second;
    }

    void set(std::string name, RrType type, DnsReply reply) { zone_[{std::move(name), type}] = std::move(reply); }

    int lookups = 0; // RFC 7208 4.6.4 and our own limits are tested with this
    std::vector<std::string> asked;

private:
    Zone zone_;
};

// One answer with these records, fit for a zone.
inline DnsReply found(std::vector<std::string> records)
{
    return {DnsStatus::found, std::move(records), std::chrono::seconds(300)};
}

} // namespace postern
