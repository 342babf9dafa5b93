#include "policyd/spf_check.h"

#include "common/text.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace postern {
namespace {

// The HELO identity: its name if it is one that can be asked for, else none (RFC 7208 2.3: "if
// the HELO string is a domain name").
std::string helo_domain(const PolicyRequest& request)
{
    const auto& name = request.helo_name;
    if (name.empty() || name.front() == '[') // RFC 5321 4.1.3: an address literal
        return {};
    const bool may_be_address = is_digit(name.back()) || name.find(':') != std::string::npos;
    if (may_be_address && parse_ip_address(name))
        return {};
    return to_a_labels(name).value_or("");
}

SpfQuery helo_query(const PolicyRequest& request, const std::string& receiver)
{
    return {*request.client, {}, helo_domain(request), request.helo_name, receiver};
}

SpfQuery mail_from_query(const PolicyRequest& request, const std::string& receiver)
{
    const auto& sender = request.sender_address;
    return {*request.client, sender.local_part, sender.domain, request.helo_name, receiver};
}

bool refuses(SpfResult result, SpfRejectOn reject_on)
{
    switch (result) {
    case SpfResult::fail:
        return reject_on >= SpfRejectOn::fail;
    case SpfResult::softfail:
        return reject_on >= SpfRejectOn::softfail;
    case SpfResult::neutral:
        return reject_on >= SpfRejectOn::not_pass; // against RFC 7208 8.2, which wants it to be as none
    case SpfResult::none:
    case SpfResult::pass:
    case SpfResult::permerror: // has a setting of its own
    case SpfResult::temperror:
        return false;
    }
    return false; // unreachable: -Wswitch names a result without a case
}

// RFC 7208 6.2: what the sender's domain says is shown to be its own words.
std::string fail_text(const SpfFinding& finding)
{
    const auto& [identity, is_null_sender, query, answer] = finding;
    const auto result = spf_result_name(answer.result);
    if (!answer.explanation.empty())
        return fmt::format("Message rejected due to: SPF {} - the domain {} explains: {}", result, query.domain,
                           answer.explanation);
    return fmt::format("Message rejected due to: SPF {} - {} is not authorized to {} {}", result, query.ip.text(),
                       identity == SpfIdentity::helo ? "call itself" : "send mail from", query.domain);
}

// "fail" of the sender's domain, "helo=permerror (example.org: ...)" of the HELO name
std::string record(SpfIdentity identity, const SpfAnswer& answer)
{
    std::string text(identity == SpfIdentity::helo ? "helo=" : "");
    text.append(spf_result_name(answer.result));
    if (!answer.problem.empty())
        text.append(" (").append(answer.problem).append(")");
    return text;
}

// A HELO name need not have a record, and one that passes is as it should be.
bool is_worth_a_word(SpfResult helo)
{
    return helo != SpfResult::none && helo != SpfResult::pass;
}

// Of two that are not final; with the header and the reasons of both.
Verdict heavier_of(Verdict mail_from, Verdict helo)
{
    if (!helo.reason.empty())
        mail_from.reason.append(" ").append(helo.reason);
    if (helo.weight() <= mail_from.weight())
        return mail_from;
    helo.reason = std::move(mail_from.reason);
    helo.header = std::move(mail_from.header);
    return helo;
}

} // namespace

Verdict spf_verdict(const SpfFinding& finding, const SpfSettings& settings)
{
    const auto& answer = finding.answer;
    auto reject_on = finding.identity == SpfIdentity::helo ? settings.helo : settings.mail_from;
    if (finding.is_null_sender)
        reject_on = std::max(settings.helo, settings.mail_from);

    Verdict verdict;
    verdict.reason = record(finding.identity, answer);
    if (reject_on == SpfRejectOn::never)
        return verdict;
    if (refuses(answer.result, reject_on)) {
        verdict.action = Action::reject; // RFC 7208 8.4, RFC 7372 3.2
        verdict.code = 550;
        verdict.status = "7.23";
        verdict.text = fail_text(finding);
    } else if (answer.result == SpfResult::permerror && settings.reject_permerror) {
        verdict.action = Action::reject; // RFC 7208 8.7
        verdict.code = 550;
        verdict.status = "7.24";
        verdict.text = "Message rejected due to: SPF permerror - " + answer.problem;
    } else if (answer.result == SpfResult::temperror && settings.defer_temperror) {
        verdict.action = Action::defer_if_permit; // RFC 7208 8.6
        verdict.status = "7.24";
        verdict.text = "Message deferred due to: SPF temperror - " + answer.problem;
    }
    return verdict;
}

SpfCheck::SpfCheck(CheckHost check_host, SpfSettings settings, std::shared_ptr<const TrustedClients> trusted)
    : check_host_(std::move(check_host))
    , settings_(std::move(settings))
    , trusted_(std::move(trusted))
{
}

asio::awaitable<Verdict> SpfCheck::check(const PolicyRequest& request, PolicyMessage& message, Deadline deadline)
{
    if (const auto trust = trusted_->trust(request); !trust.empty())
        co_return Verdict{.reason = std::string(trust)};
    if (!request.client)
        co_return Verdict{.reason = "no client address"};

    if (request.sender_address.is_null())
        co_return co_await judge(SpfIdentity::helo, request, message, deadline);
    Verdict helo;
    if (settings_.helo != SpfRejectOn::never) {
        helo = co_await judge(SpfIdentity::helo, request, message, deadline);
        if (helo.weight() == Weight::final)
            co_return helo;
        if (!is_worth_a_word(message.spf_helo->result))
            helo.reason.clear();
    }
    if (settings_.mail_from == SpfRejectOn::never && !settings_.header)
        co_return helo; // nobody wants to know
    co_return heavier_of(co_await judge(SpfIdentity::mail_from, request, message, deadline), std::move(helo));
}

asio::awaitable<Verdict> SpfCheck::judge(SpfIdentity identity, const PolicyRequest& request, PolicyMessage& message,
                                         Deadline deadline)
{
    const bool is_helo = identity == SpfIdentity::helo;
    const bool is_null_sender = request.sender_address.is_null();
    const auto query = is_helo ? helo_query(request, settings_.receiver) : mail_from_query(request, settings_.receiver);

    auto& answer = is_helo ? message.spf_helo : message.spf_mail_from;
    const bool is_new = !answer;
    if (is_new)
        answer = co_await ask(query, deadline);

    auto verdict = spf_verdict({identity, is_null_sender, query, *answer}, settings_);
    if (is_new && settings_.header && is_helo == is_null_sender)
        verdict.header = write_received_spf(identity, request.sender, query, *answer);
    co_return verdict;
}

asio::awaitable<SharedSpfAnswer> SpfCheck::ask(const SpfQuery& query, Deadline deadline)
{
    if (query.domain.empty())
        co_return std::make_shared<const SpfAnswer>(); // RFC 7208 4.3: none
    const auto limit = std::chrono::steady_clock::now() + settings_.deadline;
    co_return co_await check_host_(query, std::min(deadline, limit));
}

} // namespace postern
