#include "common/client_list.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>
#include <array>
#include <optional>

namespace postern {
namespace {

constexpr std::size_t shown_client = 160;        // octets of a faulty entry in an Error
constexpr std::size_t name_limit = 253;   // RFC 1035 2.3.4, as text

bool is_pattern(std::string_view text)
{
    return text.size() > 1 && text.starts_with('/') && text.ends_with('/');
}

// "192.0.2" or "10.20": the octets that all of a network share
bool is_short_ipv4(std::string_view text)
{
    const auto parts = split(text, '.');
    return (parts.size() == 2 || parts.size() == 3) && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
        return !part.empty() && part.size() <= 3 && std::all_of(part.begin(), part.end(), is_digit);
    });
}

Result<IpNetwork> parse_short_ipv4(std::string_view text)
{
    const bool has_three = std::count(text.begin(), text.end(), '.') == 2;
    auto address = parse_ip_address(concat({text, has_three ? ".0" : ".0.0"}));
    if (!address)
        return fail("\"{}\" is not the beginning of an IPv4 address", printable(text, shown_client));
    return IpNetwork{*address, has_three ? 24 : 16};
}

bool looks_like_network(std::string_view text)
{
    const auto last_label = text.substr(text.rfind('.') + 1);
    return text.find(':') != std::string_view::npos || text.find('/') != std::string_view::npos
        || std::all_of(last_label.begin(), last_label.end(), is_digit); // no top-level domain is a number
}

Result<IpNetwork> parse_network(std::string_view text)
{
    if (is_short_ipv4(text))
        return parse_short_ipv4(text);
    const auto slash = text.find('/');
    const auto address = parse_ip_address(text.substr(0, slash));
    if (!address)
        return fail("\"{}\" is not an address or a network", printable(text, shown_client));
    if (slash == std::string_view::npos)
        return IpNetwork{*address, address->bits()};
    const auto digits = text.substr(slash + 1);
    int prefix = -1;
    if (!digits.empty() && digits.size() <= 3 && std::all_of(digits.begin(), digits.end(), is_digit))
        prefix = std::stoi(std::string(digits));
    if (prefix < 0 || prefix > address->bits())
        return fail("\"{}\": the length must be between 0 and {}", printable(text, shown_client), address->bits());
    return IpNetwork{address->masked(prefix), prefix};
}

bool is_name_character(char c)
{
    return is_alnum(c) || c == '-' || c == '_';
}

Result<std::string> parse_domain(std::string_view text)
{
    auto name = to_a_labels(text);
    const auto labels = name ? split(*name, '.') : std::vector<std::string_view>{};
    const bool is_name = !labels.empty() && name->size() <= name_limit
        && std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
               return !label.empty() && std::all_of(label.begin(), label.end(), is_name_character);
           });
    if (is_name)
        return std::move(*name);
    if (const auto rest = text.find_first_not_of("*."); rest > 0 && rest != std::string_view::npos)
        return fail("\"{}\" matches no host; \"{}\" is the domain with all below it", printable(text, shown_client),
                    printable(text.substr(rest), shown_client));
    return fail("\"{}\" is not a domain, an address, a network or a /regular expression/", printable(text, shown_client));
}

bool is_before(const IpNetwork& a, const IpNetwork& b)
{
    return a.address != b.address ? a.address < b.address : a.prefix < b.prefix;
}

} // namespace

Result<ClientEntry> parse_client_entry(std::string_view text)
{
    if (is_pattern(text)) {
        if (text.find_first_of(" \t") != std::string_view::npos)
            return fail("a regular expression cannot hold white space here: write \\s");
        auto regex = Regex::compile(text.substr(1, text.size() - 2));
        return regex ? Result<ClientEntry>(std::move(*regex)) : tl::unexpected(regex.error());
    }
    if (looks_like_network(text)) {
        auto network = parse_network(text);
        return network ? Result<ClientEntry>(*network) : tl::unexpected(network.error());
    }
    auto domain = parse_domain(text);
    return domain ? Result<ClientEntry>(std::move(*domain)) : tl::unexpected(domain.error());
}

ClientList::ClientList(std::vector<ClientEntry> entries)
{
    std::vector<IpNetwork> networks;
    for (auto& entry : entries) {
        if (auto* domain = std::get_if<std::string>(&entry))
            domains_.insert(std::move(*domain));
        else if (const auto* network = std::get_if<IpNetwork>(&entry))
            networks.push_back(*network);
        else if (auto* pattern = std::get_if<Regex>(&entry))
            patterns_.push_back(std::move(*pattern));
    }
    // Two networks are either apart or one lies in the other. Without those inside
    // others, the one that may hold an address is the last that begins before it.
    std::sort(networks.begin(), networks.end(), is_before);
    for (const auto& network : networks)
        if (networks_.empty() || !networks_.back().contains(network.address))
            networks_.push_back(network);
}

bool ClientList::has_address(const IpAddress& client) const
{
    const auto after = std::upper_bound(networks_.begin(), networks_.end(), client,
                                        [](const IpAddress& a, const IpNetwork& n) { return a < n.address; });
    return after != networks_.begin() && std::prev(after)->contains(client);
}

bool ClientList::has_name(std::string_view client_name) const
{
    if (domains_.empty() || client_name.size() > name_limit)
        return false;
    std::array<char, name_limit> lower;
    std::transform(client_name.begin(), client_name.end(), lower.begin(), [](char c) { return to_lower(c); });
    return find_domain(domains_, {lower.data(), client_name.size()}) != domains_.end();
}

bool ClientList::matches(std::string_view client_name) const
{
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const Regex& regex) { return regex.matches(client_name); });
}

} // namespace postern
