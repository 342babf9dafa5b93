#include "common/network_list.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::size_t shown_network = 160; // octets of a faulty entry in an Error
constexpr std::size_t most_faulty_entries = 20;

bool is_label_character(char c)
{
    return is_alnum(c) || c == '-' || c == '_';
}

bool is_label(std::string_view label)
{
    return !label.empty() && std::all_of(label.begin(), label.end(), is_label_character);
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
        return fail("\"{}\" is not a network, a host name or a .domain", printable(entry, shown_network));
    return (is_domain ? "." : "") + *name;
}

} // namespace

Result<NetworkList> NetworkList::parse(std::span<const std::string> entries)
{
    NetworkList list;
    for (const auto& entry : entries)
        if (const auto added = list.add(entry); !added)
            return tl::unexpected(added.error());
    list.arrange();
    return list;
}

NetworkList NetworkList::load(std::span<const std::string> items, std::string_view setting, const ReadText& read,
                              std::vector<Error>& faults)
{
    NetworkList list;
    std::size_t found = 0;
    for (const auto& row : expand_list(items, setting, read, faults)) {
        const auto added = list.add(row.key);
        if (added)
            continue;
        if (++found > most_faulty_entries) {
            faults.push_back(Error{fmt::format("{}: and more", setting)});
            break;
        }
        faults.push_back(Error{fmt::format("{}: {}", row.where, added.error().what)});
    }
    list.arrange();
    return list;
}

Result<> NetworkList::add(std::string_view entry)
{
    const bool is_excluded = entry.starts_with('!');
    const auto text = entry.substr(is_excluded ? 1 : 0);
    if (looks_like_address(text)) {
        const auto network = parse_ip_network(text);
        if (!network)
            return tl::unexpected(network.error());
        networks_.push_back({*network, is_excluded});
        return {};
    }
    auto name = parse_name(text);
    if (!name)
        return tl::unexpected(name.error());
    names_.push_back({std::move(*name), is_excluded});
    return {};
}

void NetworkList::arrange()
{
    // Who is named twice is excluded if once: that entry comes first, and the other goes.
    std::sort(names_.begin(), names_.end(), [](const Name& a, const Name& b) {
        return a.name != b.name ? a.name < b.name : a.is_excluded && !b.is_excluded;
    });
    const auto same_name = [](const Name& a, const Name& b) { return a.name == b.name; };
    names_.erase(std::unique(names_.begin(), names_.end(), same_name), names_.end());

    std::sort(networks_.begin(), networks_.end(), [](const Network& a, const Network& b) {
        if (a.network.address != b.network.address)
            return a.network.address < b.network.address;
        return a.network.prefix != b.network.prefix ? a.network.prefix < b.network.prefix
                                                    : a.is_excluded && !b.is_excluded;
    });
    const auto same_network = [](const Network& a, const Network& b) {
        return a.network.address == b.network.address && a.network.prefix == b.network.prefix;
    };
    networks_.erase(std::unique(networks_.begin(), networks_.end(), same_network), networks_.end());

    // Two networks are either apart or one lies in the other, and the outer one begins first.
    for (std::size_t i = 1; i < networks_.size(); ++i) {
        auto outer = i - 1;
        while (outer != Network::none && !networks_[outer].network.contains(networks_[i].network.address))
            outer = networks_[outer].outer;
        networks_[i].outer = outer;
    }
}

bool NetworkList::contains(const std::optional<IpAddress>& client, std::string_view client_name) const
{
    if (empty())
        return false;
    const auto by_network = client ? ask_networks(*client) : std::nullopt;
    if (by_network == false)
        return false;
    const auto by_name = ask_names(client_name);
    return by_name.value_or(by_network.value_or(false));
}

// The last network that begins before the client is the smallest that holds it, or lies in all that do.
std::optional<bool> NetworkList::ask_networks(const IpAddress& client) const
{
    const auto after = std::upper_bound(networks_.begin(), networks_.end(), client,
                                        [](const IpAddress& a, const Network& n) { return a < n.network.address; });
    if (after == networks_.begin())
        return std::nullopt;
    for (auto at = static_cast<std::size_t>(after - networks_.begin()) - 1; at != Network::none;
         at = networks_[at].outer)
        if (networks_[at].network.contains(client))
            return !networks_[at].is_excluded;
    return std::nullopt;
}

std::optional<bool> NetworkList::ask_names(std::string_view client_name) const
{
    if (names_.empty() || client_name.empty() || client_name == "unknown") // as Postfix says "has none"
        return std::nullopt;
    const auto name = to_a_labels(client_name);
    if (!name)
        return std::nullopt;
    const auto find = [this](std::string_view wanted) -> const Name* {
        const auto it = std::lower_bound(names_.begin(), names_.end(), wanted,
                                         [](const Name& n, std::string_view text) { return n.name < text; });
        return it != names_.end() && it->name == wanted ? &*it : nullptr;
    };
    const std::string_view whole(*name);
    if (const auto* host = find(whole))
        return !host->is_excluded;
    for (auto dot = whole.find('.'); dot != std::string_view::npos; dot = whole.find('.', dot + 1))
        if (const auto* domain = find(whole.substr(dot)))
            return !domain->is_excluded;
    return std::nullopt;
}

} // namespace postern
