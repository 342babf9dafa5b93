#include "common/dnsbl/site.h"

#include "common/text.h"

#include <algorithm>
#include <charconv>

namespace postern {
namespace {

// A name that another is put before and that can be asked for (RFC 1035 2.3.4).
bool is_zone(std::string_view zone)
{
    constexpr std::size_t longest_zone = 253 - 64; // an IPv6 address before it: 32 nibbles and their dots
    constexpr std::size_t longest_label = 63;
    if (zone.empty() || zone.size() > longest_zone)
        return false;
    for (const auto label : split(zone, '.')) {
        const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
        if (label.empty() || label.size() > longest_label || !std::all_of(label.begin(), label.end(), fits))
            return false;
    }
    return true;
}

// As sscanf(3) "%d" of Postfix takes it: blanks and a plus sign before it are no fault.
Result<int> read_weight(std::string_view text)
{
    auto digits = trim(text);
    if (digits.starts_with('+') && !digits.starts_with("+-"))
        digits.remove_prefix(1);
    int weight = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), weight);
    if (error != std::errc() || rest != digits.data() + digits.size())
        return fail("the weight after \"*\" is not a whole number");
    if (weight < -dnsbl_weight_limit || weight > dnsbl_weight_limit)
        return fail("the weight {} is not between {} and {}", weight, -dnsbl_weight_limit, dnsbl_weight_limit);
    return weight;
}

} // namespace

Result<DnsblSite> parse_dnsbl_site(std::string_view text)
{
    text = trim(text);
    const auto star = text.find('*');
    const auto listed = text.substr(0, star);
    const auto equals = listed.find('=');

    DnsblSite site;
    site.zone = to_lower(listed.substr(0, equals));
    if (site.zone.ends_with('.'))
        site.zone.pop_back();
    if (!is_zone(site.zone))
        return fail("what stands before filter and weight is not the domain name of a DNS list");
    site.key = site.zone;
    if (equals != std::string_view::npos) {
        const auto pattern = listed.substr(equals + 1);
        const auto filter = ReplyFilter::parse(pattern);
        if (!filter)
            return fail("the filter {}", filter.error().what);
        site.filter = *filter;
        site.key.append("=").append(pattern);
    }
    if (star != std::string_view::npos) {
        const auto weight = read_weight(text.substr(star + 1));
        if (!weight)
            return tl::unexpected(weight.error());
        site.weight = *weight;
    }
    return site;
}

Result<> check_dnsbl_site(std::string_view text)
{
    if (const auto site = parse_dnsbl_site(text); !site)
        return tl::unexpected(site.error());
    return {};
}

} // namespace postern
