#include "milterd/dmarc_filter.h"

#include "common/text.h"
#include "milterd/dkim_author.h"
#include "milterd/dkim_signature.h"
#include "milterd/spf_filter.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>
#include <exception>
#include <fmt/format.h>
#include <future>
#include <optional>
#include <utility>

namespace postern {
namespace {

// Where the author cannot be told.
class NoAuthorPass final : public FilterPass {
public:
    NoAuthorPass(std::string why, FilterAction action)
        : why_(std::move(why))
        , action_(action)
    {
    }

    FilterVerdict verdict(const Message&, Findings& findings, Deadline) override
    {
        findings.auth_results.push_back({"dmarc", "permerror", "", why_, {}});
        FilterVerdict verdict;
        verdict.reason = "permerror " + why_;
        verdict.action = action_;
        if (action_ != FilterAction::accept) {
            verdict.status = "7.1";
            verdict.text = "The author of the message cannot be verified: " + why_;
        }
        return verdict;
    }

private:
    std::string why_;
    FilterAction action_;
};

class DmarcPass final : public FilterPass {
public:
    DmarcPass(std::string author, const DmarcActions& actions, std::future<DmarcDiscovery> discovery, Deadline deadline)
        : author_(std::move(author))
        , actions_(actions)
        , discovery_(std::move(discovery))
        , deadline_(deadline)
    {
    }

    FilterVerdict verdict(const Message&, Findings& findings, Deadline deadline) override
    {
        const auto discovery = wait(std::min(deadline, deadline_));
        const auto evaluation = evaluate_dmarc(discovery, findings.identifiers);
        findings.auth_results.push_back(dmarc_auth_result(discovery, evaluation));
        auto verdict = act(discovery, evaluation);
        verdict.reason = fmt::format("{} {}", dmarc_result_name(evaluation.result), author_);
        if (evaluation.policy)
            verdict.reason += fmt::format(" {}={}{}", discovery.policy_tag, dmarc_policy_name(discovery.policy),
                                          discovery.record.is_testing ? " t=y" : "");
        if (!evaluation.reason.empty())
            verdict.reason += " (" + evaluation.reason + ")";
        return verdict;
    }

private:
    DmarcDiscovery wait(Deadline deadline)
    {
        DmarcDiscovery unknown;
        unknown.status = DmarcDiscovery::Status::unknown;
        unknown.author_domain = author_;
        if (discovery_.wait_until(deadline) != std::future_status::ready)
            return unknown;
        try {
            return discovery_.get();
        } catch (const std::exception&) {
            return unknown;
        }
    }

    FilterAction action_for(const DmarcEvaluation& evaluation) const
    {
        if (evaluation.result == DmarcResult::temperror)
            return actions_.temperror;
        if (evaluation.result != DmarcResult::fail || !evaluation.policy)
            return FilterAction::accept;
        switch (*evaluation.policy) {
        case DmarcPolicy::none:
            return FilterAction::accept; // RFC 9989 5.4: changes nothing
        case DmarcPolicy::quarantine:
            return actions_.quarantine;
        case DmarcPolicy::reject:
            return actions_.reject;
        }
        return FilterAction::accept; // unreachable: -Wswitch names a policy without a case
    }

    FilterVerdict act(const DmarcDiscovery& discovery, const DmarcEvaluation& evaluation) const
    {
        FilterVerdict verdict;
        verdict.action = action_for(evaluation);
        if (verdict.action == FilterAction::accept)
            return verdict;
        if (evaluation.result == DmarcResult::temperror) {
            verdict.status = "7.5";
            verdict.text = "DMARC cannot be evaluated now, try again later";
        } else { // RFC 7372 3.3
            verdict.status = "7.26";
            verdict.text = fmt::format("Message fails DMARC, policy of {}: {}", discovery.record_domain,
                                       dmarc_policy_name(*evaluation.policy));
        }
        return verdict;
    }

    std::string author_;
    DmarcActions actions_;
    std::future<DmarcDiscovery> discovery_; // may be given up: the coroutine keeps what it needs
    Deadline deadline_;
};

// The domains that SPF and DKIM may vouch for.
std::vector<std::string> identifiers_of(const Message& message, std::size_t max_signatures)
{
    std::vector<std::string> domains{spf_domain(message)};
    for (const auto& field : message.header) {
        if (domains.size() > max_signatures)
            break;
        if (!equals_ignoring_case(field.name, "DKIM-Signature"))
            continue;
        auto signature = parse_dkim_signature(field.value);
        domains.push_back(std::move(signature.signing_domain)); // empty: read by nobody, aligned with nothing
    }
    return domains;
}

// Where the coroutine frame, not the caller, owns the arguments.
asio::awaitable<DmarcDiscovery> discover(Resolver& resolver, std::string author, std::vector<std::string> identifiers,
                                         Deadline deadline)
{
    co_return co_await discover_dmarc(resolver, std::move(author), std::move(identifiers), deadline);
}

} // namespace

AuthResult dmarc_auth_result(const DmarcDiscovery& discovery, const DmarcEvaluation& evaluation)
{
    AuthResult result{"dmarc", std::string(dmarc_result_name(evaluation.result)), "", "", {}};
    if (evaluation.policy)
        result.comment = fmt::format("{}={}{} of {}", discovery.policy_tag, dmarc_policy_name(discovery.policy),
                                     discovery.record.is_testing ? " t=y" : "", discovery.record_domain);
    if (evaluation.result == DmarcResult::temperror || evaluation.result == DmarcResult::permerror)
        result.reason = evaluation.reason;
    result.properties.push_back({"header", "from", discovery.author_domain});
    if (evaluation.policy) // RFC 9989 9.1
        result.properties.push_back({"policy", "dmarc", std::string(dmarc_policy_name(*evaluation.policy))});
    return result;
}

DmarcFilter::DmarcFilter(DmarcOptions options, Resolver& resolver, asio::any_io_executor executor)
    : options_(options)
    , resolver_(resolver)
    , executor_(std::move(executor))
{
}

std::unique_ptr<FilterPass> DmarcFilter::begin(const Message& message)
{
    if (message.origin != Origin::stranger)
        return nullptr;
    auto author = author_domain(message.header);
    if (!author)
        return std::make_unique<NoAuthorPass>(author.error().what, options_.actions.bad_from);
    const auto deadline = std::chrono::steady_clock::now() + options_.deadline;
    auto discovery = asio::co_spawn(
        executor_, discover(resolver_, *author, identifiers_of(message, options_.max_signatures), deadline),
        asio::use_future);
    return std::make_unique<DmarcPass>(std::move(*author), options_.actions, std::move(discovery), deadline);
}

} // namespace postern
