#include "milterd/dmarc_evaluation.h"

#include <algorithm>

namespace postern {
namespace {

enum class Aligned { no, yes, unknown };

bool is_strict(const DmarcRecord& record, Identifier::Method method)
{
    return method == Identifier::Method::dkim ? record.is_dkim_strict : record.is_spf_strict;
}

std::string_view last_label(std::string_view domain)
{
    return domain.substr(domain.rfind('.') + 1); // npos + 1 is 0
}

// RFC 9989 4.4.1, 4.4.2, 4.10.2
Aligned aligned(const DmarcDiscovery& discovery, const Identifier& identifier)
{
    if (identifier.domain == discovery.author_domain)
        return Aligned::yes;
    if (is_strict(discovery.record, identifier.method))
        return Aligned::no;
    if (!discovery.author_organization) // two names under one top-level domain may have one organization
        return last_label(identifier.domain) == last_label(discovery.author_domain) ? Aligned::unknown : Aligned::no;
    const auto it = discovery.organizations.find(identifier.domain);
    if (it == discovery.organizations.end())
        return Aligned::no;
    if (!it->second)
        return Aligned::unknown;
    return *it->second == *discovery.author_organization ? Aligned::yes : Aligned::no;
}

std::string_view method_name(Identifier::Method method)
{
    return method == Identifier::Method::dkim ? "dkim" : "spf";
}

// RFC 9989 4.7, t=
DmarcPolicy lowered(DmarcPolicy policy)
{
    return policy == DmarcPolicy::reject ? DmarcPolicy::quarantine : DmarcPolicy::none;
}

// RFC 9989 5.3.4, 5.3.5
void judge(DmarcEvaluation& evaluation, const DmarcDiscovery& discovery, std::span<const Identifier> identifiers)
{
    evaluation.result = DmarcResult::fail;
    evaluation.reason = "nothing aligned passes";
    for (const auto& identifier : identifiers) {
        const auto alignment = aligned(discovery, identifier);
        if (alignment == Aligned::no || identifier.outcome == Identifier::Outcome::other)
            continue;
        if (alignment == Aligned::yes && identifier.outcome == Identifier::Outcome::pass) {
            evaluation.result = DmarcResult::pass;
            evaluation.reason = std::string(method_name(identifier.method)) + " " + identifier.domain;
            return;
        }
        evaluation.result = DmarcResult::temperror;
        evaluation.reason = std::string(method_name(identifier.method)) + " cannot be judged now";
    }
}

} // namespace

std::string_view dmarc_result_name(DmarcResult result)
{
    switch (result) {
    case DmarcResult::none:
        return "none";
    case DmarcResult::pass:
        return "pass";
    case DmarcResult::fail:
        return "fail";
    case DmarcResult::temperror:
        return "temperror";
    case DmarcResult::permerror:
        return "permerror";
    }
    return "none"; // unreachable: -Wswitch names a result without a case
}

DmarcEvaluation evaluate_dmarc(const DmarcDiscovery& discovery, std::span<const Identifier> identifiers)
{
    DmarcEvaluation evaluation;
    switch (discovery.status) {
    case DmarcDiscovery::Status::none:
        return evaluation;
    case DmarcDiscovery::Status::unknown:
        evaluation.result = DmarcResult::temperror;
        evaluation.reason = "policy cannot be looked up now";
        return evaluation;
    case DmarcDiscovery::Status::found:
        break;
    }
    if (!discovery.record.fault.empty()) {
        evaluation.result = DmarcResult::permerror;
        evaluation.reason = discovery.record.fault;
        return evaluation;
    }
    evaluation.policy = discovery.record.is_testing ? lowered(discovery.policy) : discovery.policy;
    judge(evaluation, discovery, identifiers);
    return evaluation;
}

} // namespace postern
