#include "policyd/recipient_harvest.h"

#include <string_view>

namespace postern {
namespace {

constexpr int ipv4_prefix = 24;
constexpr int ipv6_prefix = 64;

// The octets of a client's network, fewer of IPv4 than of IPv6, as a key.
class NetworkKey {
public:
    explicit NetworkKey(const IpAddress& client)
        : network_(client.masked(client.is_v4() ? ipv4_prefix : ipv6_prefix))
    {
    }

    std::string_view text() const
    {
        return {reinterpret_cast<const char*>(network_.octets().data()),
                static_cast<std::size_t>(network_.is_v4() ? ipv4_prefix : ipv6_prefix) / 8};
    }

private:
    IpAddress network_;
};

} // namespace

RecipientHarvest::RecipientHarvest(Options options)
    : options_(std::move(options))
    , counts_(options_.networks)
{
}

bool RecipientHarvest::is_caught(const IpAddress& client)
{
    if (counts_.size() == 0)
        return false;
    const auto* const count = counts_.find(NetworkKey(client).text());
    return count && count->unknown > options_.limit && options_.now() < count->until;
}

void RecipientHarvest::count_unknown(const IpAddress& client)
{
    if (options_.limit == 0)
        return;
    const NetworkKey key(client);
    const auto now = options_.now();
    auto* count = counts_.find(key.text());
    if (!count || now >= count->until)
        count = &counts_.put(key.text(), {now + options_.window});
    if (++count->unknown == options_.limit + 1)
        ++times_caught_;
}

} // namespace postern
