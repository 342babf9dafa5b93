#include "policyd/greylist_vouchers.h"

#include "common/dnsbl/known_lists.h"
#include "common/mail_address.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace postern {
namespace {

constexpr std::chrono::seconds most_time(5); // for all of them: the mail is to be deferred anyway

// Of every list: RFC 5782 2.3 has listings in 127.0.0.0/8; what begins with 127.255.255 is an error everywhere
bool is_listing(const IpAddress& answer)
{
    const auto& octets = answer.octets();
    return answer.is_v4() && octets[0] == 127 && !(octets[1] == 255 && octets[2] == 255)
        && !(octets[1] == 0 && octets[2] == 0 && octets[3] == 255);
}

} // namespace

bool GreylistVouchers::Zone::counts(const IpAddress& answer) const
{
    const auto matches = [&](const ReplyFilter& filter) { return filter.matches(answer); };
    return is_listing(answer) && std::none_of(errors.begin(), errors.end(), matches)
        && std::all_of(listings.begin(), listings.end(), matches);
}

Result<GreylistVouchers> GreylistVouchers::create(const GreylistSettings& settings, Sources sources)
{
    GreylistVouchers vouchers;
    vouchers.sources_ = std::move(sources);
    for (const auto& text : settings.allow_zones) {
        const auto site = parse_dnsbl_site(text);
        if (!site)
            return tl::unexpected(site.error());
        Zone zone{site->zone, vouchers.sources_.shown_zone(site->zone), {}, {}};
        const auto* const known = find_known_list(site->zone);
        if (site->filter)
            zone.listings.push_back(*site->filter);
        else if (known && !known->listings.empty())
            zone.listings.push_back(*ReplyFilter::parse(known->listings));
        if (known && !known->errors.empty())
            zone.errors.push_back(*ReplyFilter::parse(known->errors));
        vouchers.zones_.push_back(std::move(zone));
    }
    for (const auto& domain : settings.spf_domains)
        vouchers.domains_.push_back(to_a_labels(domain).value_or(domain));
    return vouchers;
}

asio::awaitable<std::string> GreylistVouchers::voucher(const IpAddress& client, const std::string& helo,
                                                       Deadline deadline, Notes* notes) const
{
    deadline = std::min(deadline, std::chrono::steady_clock::now() + most_time);
    for (const auto& zone : zones_) {
        const bool is_good = co_await is_listed(zone, client, deadline);
        if (notes)
            notes->push_back(fmt::format("{}: {}, 1 lookup", zone.shown, is_good ? "listed" : "not listed"));
        if (is_good)
            co_return "DNS allow list";
    }
    for (const auto& domain : domains_) {
        SpfQuery query{client, {}, domain, helo, {}}; // named: GCC 12 destroys such a temporary of a co_await twice
        const auto answer = co_await sources_.check_host(std::move(query), deadline);
        if (notes && answer)
            notes->push_back(fmt::format("SPF of {}: {}, {} of 10 lookups, {} void", domain,
                                         spf_result_name(answer->result), answer->lookups, answer->void_lookups));
        if (answer && answer->result == SpfResult::pass)
            co_return "SPF of " + domain;
    }
    co_return "";
}

asio::awaitable<bool> GreylistVouchers::is_listed(const Zone& zone, const IpAddress& client, Deadline deadline) const
{
    auto name = client.reversed() + "." + zone.name;
    const auto reply = co_await sources_.resolver->lookup(std::move(name), RrType::a, deadline);
    co_return std::any_of(reply.records.begin(), reply.records.end(), [&](const std::string& record) {
        const auto answer = parse_ip_address(record);
        return answer && zone.counts(*answer);
    });
}

} // namespace postern
