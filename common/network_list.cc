#include "common/network_list.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>
#include <functional>

namespace postern {
namespace {

constexpr std::size_t shown = 160; // octets of a faulty entry in an Error

bool is_host_character(char c)
{
    return is_alnum(c) || c == '-' || c == '_';
}

bool is_label(std::string_view label)
{
    return !label.empty() && std::all_of(label.begin(), label.end(), is_host_character);
}

// What can only have been meant for an address or a network: a slash, a colon,
// or digits at the end, where no top-level domain has them.
bool looks_like_address(std::string_view entry)
{
    const auto last_label = entry.substr(entry.rfind('.') + 1);
    return entry.find_first_of("/:[]") != std::string_view::npos
        || (!last_label.empty() && std::all_of(last_label.begin(), last_label.end(), is_digit));
}

// "mail.example.org" or ".example.org", in A-labels.
Result<std::string> parse_name(std::string_view entry)
{
    const bool is_domain = entry.starts_with('.');
    const auto name = to_a_labels(entry.substr(is_domain ? 1 : 0));
    const auto labels = name ? split(*name, '.') : std::vector<std::string_view>{};
    if (labels.empty() || !std::all_of(labels.begin(), labels.end(), is_label))
        return fail("\"{}\" is not a network, a host name or a .domain", printable(entry, shown));
    return (is_domain ? "." : "") + *name;
}

bool is_before(const IpNetwork& a, const IpNetwork& b)
{
    return a.address != b.address ? a.address < b.address : a.prefix < b.prefix;
}

} // namespace

Result<NetworkList> NetworkList::parse(std::span<const std::string> entries)
{
    NetworkList list;
    std::vector<IpNetwork> networks;
    for (const auto& entry : entries) {
        if (looks_like_address(entry)) {
            const auto network = parse_ip_network(entry);
            if (!network)
                return tl::unexpected(network.error());
            networks.push_back(*network);
        } else {
            auto name = parse_name(entry);
            if (!name)
                return tl::unexpected(name.error());
            list.names_.push_back(std::move(*name));
        }
    }
    std::sort(list.names_.begin(), list.names_.end());

    // Two networks are either apart or one lies in the other. Without those inside
    // others, the one that may hold an address is the last that begins before it.
    std::sort(networks.begin(), networks.end(), is_before);
    for (const auto& network : networks)
        if (list.networks_.empty() || !list.networks_.back().contains(network.address))
            list.networks_.push_back(network);
    return list;
}

bool NetworkList::contains(const std::optional<IpAddress>& client, std::string_view client_name) const
{
    return (client && contains_address(*client)) || contains_name(client_name);
}

bool NetworkList::contains_address(const IpAddress& client) const
{
    const auto after = std::upper_bound(networks_.begin(), networks_.end(), client,
                                        [](const IpAddress& a, const IpNetwork& n) { return a < n.address; });
    return after != networks_.begin() && std::prev(after)->contains(client);
}

bool NetworkList::contains_name(std::string_view client_name) const
{
    if (names_.empty() || client_name.empty() || client_name == "unknown") // as Postfix says "has none"
        return false;
    const auto name = to_a_labels(client_name);
    if (!name)
        return false;
    const auto has = [this](std::string_view wanted) {
        return std::binary_search(names_.begin(), names_.end(), wanted, std::less<std::string_view>());
    };
    if (has(*name))
        return true;
    const std::string_view whole(*name);
    for (auto dot = whole.find('.'); dot != std::string_view::npos; dot = whole.find('.', dot + 1))
        if (has(whole.substr(dot)))
            return true;
    return false;
}

} // namespace postern
