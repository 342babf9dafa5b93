#include "policyd/spf_exemptions.h"

#include "common/mail_address.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace postern {

SpfExemptions::SpfExemptions(std::shared_ptr<Resolver> resolver, std::shared_ptr<SpfSource> spf)
    : resolver_(std::move(resolver))
    , spf_(std::move(spf))
{
}

Result<SpfExemptions> SpfExemptions::create(const SpfSettings& settings, std::shared_ptr<Resolver> resolver,
                                            std::shared_ptr<SpfSource> spf)
{
    SpfExemptions exemptions(std::move(resolver), std::move(spf));
    exemptions.time_limit_ = settings.exempt_deadline;
    auto helo_names = DomainList::parse(settings.exempt_helo_names);
    if (!helo_names)
        return fail("spf.exempt_helo_names: {}", helo_names.error().what);
    exemptions.helo_names_ = std::move(*helo_names);
    auto sender_domains = DomainList::parse(settings.exempt_sender_domains);
    if (!sender_domains)
        return fail("spf.exempt_sender_domains: {}", sender_domains.error().what);
    exemptions.sender_domains_ = std::move(*sender_domains);
    for (const auto& entry : settings.exempt_spf_domains) {
        auto domain = to_a_labels(entry);
        if (!domain)
            return fail("spf.exempt_spf_domains: {}", domain.error().what);
        exemptions.spf_domains_.push_back(std::move(*domain));
    }
    return exemptions;
}

asio::awaitable<SpfExemption> SpfExemptions::find(const PolicyRequest& request, Deadline deadline)
{
    using Is = SpfExemption::Is;
    const auto limit = std::min(deadline, std::chrono::steady_clock::now() + time_limit_);
    if (sender_domains_.contains(request.sender_address.domain))
        co_return SpfExemption{Is::yes, "sender"};
    const auto helo = co_await has_helo_address(request, limit);
    if (helo == Is::yes)
        co_return SpfExemption{Is::yes, "helo"};
    auto exemption = co_await passes_a_domain(request, limit);
    if (exemption.is == Is::no)
        exemption.is = helo;
    co_return exemption;
}

asio::awaitable<SpfExemption::Is> SpfExemptions::has_helo_address(const PolicyRequest& request, Deadline deadline)
{
    const auto name = to_a_labels(request.helo_name);
    if (!name || !helo_names_.contains(*name))
        co_return SpfExemption::Is::no;
    const auto type = request.client->is_v4() ? RrType::a : RrType::aaaa;
    const auto reply = co_await resolver_->lookup(*name, type, deadline);
    if (reply.status == DnsStatus::tempfail)
        co_return SpfExemption::Is::unknown;
    const auto is_client = [&](const std::string& text) {
        const auto address = parse_ip_address(text);
        return address && *address == *request.client;
    };
    const bool has_client = std::any_of(reply.records.begin(), reply.records.end(), is_client);
    co_return has_client ? SpfExemption::Is::yes : SpfExemption::Is::no;
}

// One after the other, at most as many as the setting allows: the records of all are the operator's choice.
asio::awaitable<SpfExemption> SpfExemptions::passes_a_domain(const PolicyRequest& request, Deadline deadline)
{
    SpfExemption exemption;
    for (const auto& domain : spf_domains_) {
        auto answer = spf_->known(*request.client, domain);
        if (!answer) {
            SpfQuery query{*request.client, {}, domain, request.helo_name, {}};
            answer = co_await spf_->check_host(std::move(query), deadline);
        }
        if (answer->result == SpfResult::pass)
            co_return SpfExemption{SpfExemption::Is::yes, "spf:" + domain};
        if (answer->result == SpfResult::temperror)
            exemption.is = SpfExemption::Is::unknown;
    }
    co_return exemption;
}

} // namespace postern
