#include "policyd/spf_verdict.h"

#include "common/spf/spf_text.h"
#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

SpfRejectOn rule_of(const SpfFinding& finding, const SpfSettings& settings)
{
    const bool is_sender = finding.identity == SpfIdentity::mail_from || finding.is_null_sender;
    auto rule = SpfRejectOn::unchecked;
    if (finding.identity == SpfIdentity::helo)
        rule = helo_rule(settings.helo, finding.is_null_sender);
    if (is_sender)
        rule = std::max(rule, settings.mail_from);
    if (is_sender && finding.wants_pass)
        rule = SpfRejectOn::not_pass;
    return rule;
}

bool refuses(const SpfAnswer& answer, SpfRejectOn rule)
{
    switch (answer.result) {
    case SpfResult::fail:
        return rule >= SpfRejectOn::fail || (rule == SpfRejectOn::no_mail && answer.sends_no_mail);
    case SpfResult::softfail:
        return rule >= SpfRejectOn::softfail;
    case SpfResult::neutral:
        return rule >= SpfRejectOn::not_pass; // against RFC 7208 8.2, which wants it to be as none
    case SpfResult::none:
    case SpfResult::pass:
    case SpfResult::permerror: // has a setting of its own
    case SpfResult::temperror:
        return false;
    }
    return false; // unreachable: -Wswitch names a result without a case
}

// RFC 7208 6.2: what the sender's domain says is shown to be its own words.
std::string explain(const SpfFinding& finding)
{
    const auto& answer = finding.answer;
    if (!answer.problem.empty())
        return answer.problem;
    if (!answer.explanation.empty())
        return concat({"the domain ", finding.domain, " explains: ", answer.explanation});
    return concat({finding.client.text(), " is not authorized to ",
                   finding.identity == SpfIdentity::helo ? "call itself " : "send mail from ", finding.domain});
}

enum class Refusal { reject, defer };

void refuse(Verdict& verdict, Refusal refusal, std::string_view rfc7372_status, const SpfFinding& finding,
            const SpfSettings& settings)
{
    const bool is_final = refusal == Refusal::reject;
    verdict.action = is_final ? Action::reject : Action::defer_if_permit;
    verdict.code = is_final ? 550 : 0;
    verdict.status = settings.enhanced_status_codes ? rfc7372_status : "7.1";
    const auto reason = explain(finding);
    const auto client = finding.client.text();
    verdict.text = write_spf_text(settings.text, {is_final ? "rejected" : "deferred",
                                                  spf_result_name(finding.answer.result), reason,
                                                  finding.identity == SpfIdentity::helo ? "HELO" : "MAIL FROM",
                                                  finding.domain, client, settings.receiver});
}

// "fail" of the sender's domain, "helo=permerror (example.org: ...)" of the HELO name
std::string record(SpfIdentity identity, const SpfAnswer& answer)
{
    std::string text(identity == SpfIdentity::helo ? "helo=" : "");
    text += spf_result_name(answer.result);
    if (!answer.problem.empty())
        text.append(" (").append(answer.problem).append(")");
    return text;
}

} // namespace

SpfRejectOn helo_rule(SpfHeloRejectOn rule, bool is_null_sender)
{
    switch (rule) {
    case SpfHeloRejectOn::unchecked:
        return SpfRejectOn::unchecked;
    case SpfHeloRejectOn::never:
        return SpfRejectOn::never;
    case SpfHeloRejectOn::null_sender:
        return is_null_sender ? SpfRejectOn::fail : SpfRejectOn::unchecked; // of no use for other mail
    case SpfHeloRejectOn::no_mail:
        return SpfRejectOn::no_mail;
    case SpfHeloRejectOn::fail:
        return SpfRejectOn::fail;
    case SpfHeloRejectOn::softfail:
        return SpfRejectOn::softfail;
    case SpfHeloRejectOn::not_pass:
        return SpfRejectOn::not_pass;
    }
    return SpfRejectOn::never; // unreachable: -Wswitch names a rule without a case
}

Verdict spf_verdict(const SpfFinding& finding, const SpfSettings& settings)
{
    const auto& answer = finding.answer;
    Verdict verdict;
    verdict.reason = record(finding.identity, answer);
    if (answer.result == SpfResult::pass || answer.result == SpfResult::none)
        return verdict;
    const auto rule = rule_of(finding, settings);
    if (rule <= SpfRejectOn::never)
        return verdict;

    if (refuses(answer, rule)) // RFC 7208 8.4, RFC 7372 3.2
        refuse(verdict, Refusal::reject, "7.23", finding, settings);
    else if (answer.result == SpfResult::permerror && settings.reject_permerror) // RFC 7208 8.7
        refuse(verdict, Refusal::reject, "7.24", finding, settings);
    else if (answer.result == SpfResult::temperror && settings.defer_temperror) // RFC 7208 8.6
        refuse(verdict, Refusal::defer, "7.24", finding, settings);
    return verdict;
}

} // namespace postern
