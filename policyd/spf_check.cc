#include "policyd/spf_check.h"

#include "common/prefetch.h"
#include "common/spf/domain.h"
#include "common/text.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <utility>

namespace postern {
namespace {

// As it is looked up already, which nearly all names are: lower case, and no A-labels to make.
bool is_as_looked_up(std::string_view name)
{
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.'; };
    return !name.empty() && name.back() != '.' && std::all_of(name.begin(), name.end(), fits);
}

// The HELO identity: its name if it is one that can be asked for, else none (RFC 7208 2.3: "if
// the HELO string is a domain name"). `kept` holds it if it is not as the client wrote it.
std::string_view helo_domain(const PolicyRequest& request, std::string& kept)
{
    const auto& name = request.helo_name;
    if (name.empty() || name.front() == '[') // RFC 5321 4.1.3: an address literal
        return {};
    const bool may_be_address = is_digit(name.back()) || name.find(':') != std::string::npos;
    if (may_be_address && parse_ip_address(name))
        return {};
    if (is_as_looked_up(name))
        return name;
    kept = to_a_labels(name).value_or("");
    return kept;
}

// For `postern explain`: "mail_from example.org: fail by -all, 3 of 10 lookups, 0 void"
std::string note(SpfIdentity identity, std::string_view domain, const SpfAnswer& answer)
{
    const std::string_view name = identity == SpfIdentity::helo ? "helo" : "mail_from";
    if (domain.empty())
        return concat({name, ": no domain to ask for"});
    return fmt::format("{} {}: {}{}{}, {} of 10 lookups, {} void", name,
                       domain, spf_result_name(answer.result), answer.mechanism.empty() ? "" : " by ",
                       answer.mechanism, answer.lookups, answer.void_lookups);
}

// A HELO name need not have a record, and one that passes is as it should be.
bool is_worth_a_word(SpfResult helo)
{
    return helo != SpfResult::none && helo != SpfResult::pass;
}

// The heavier of the two, with the sender's header and the reasons of both.
void join(Verdict& mail_from, Verdict helo)
{
    mail_from.reason.append(" ").append(helo.reason);
    if (helo.weight() <= mail_from.weight())
        return;
    helo.reason = std::move(mail_from.reason);
    helo.header = std::move(mail_from.header);
    mail_from = std::move(helo);
}

// What policyd-spf writes of mail it does not judge.
std::string_view skipped_words(std::string_view trust)
{
    if (trust == "network")
        return "SPF check N/A for local connections";
    if (trust == "relay")
        return "SPF skipped for whitelisted relay";
    return {};
}

DomainList domains(const Texts& entries)
{
    return DomainList::parse(entries).value_or(DomainList()); // the table has checked each
}

} // namespace

SpfCheck::SpfCheck(Options options)
    : settings_(std::move(options.settings))
    , not_pass_domains_(domains(settings_.not_pass_domains))
    , spf_(std::move(options.spf))
    , trusted_(std::move(options.trusted))
    , exemptions_(std::move(options.exemptions))
    , none_(std::make_shared<const SpfAnswer>())
{
}

// Nearly every mail: the sender's answer is remembered, and there is nothing to say of the HELO name.
VerdictSoon SpfCheck::ask(const PolicyRequest& request, PolicyMessage& message, Deadline deadline)
{
    if (const auto trust = trusted_->trust(request); !trust.empty())
        return skip(request, trust);
    if (!request.client)
        return Verdict{.reason = "no client address"};

    const bool asks_mail_from = !request.sender_address.is_null() && settings_.mail_from != SpfRejectOn::unchecked;
    if (!asks_mail_from || !has_nothing_on_helo(request, message))
        return evaluate(request, message, deadline);
    const Subject subject{SpfIdentity::mail_from, request, request.sender_address.domain};
    const bool is_new = !message.spf_mail_from;
    if (is_new && !(message.spf_mail_from = known(subject)))
        return evaluate(request, message, deadline);

    auto verdict = judge(subject, *message.spf_mail_from);
    if (is_new)
        verdict.header = header(subject, *message.spf_mail_from);
    if (verdict.weight() != Weight::none)
        return excused(request, std::move(verdict), deadline);
    return verdict;
}

void SpfCheck::look_ahead(const PolicyRequest& request, Ahead what)
{
    auto& ahead = request.ahead;
    if (what == Ahead::place) {
        if (!request.client)
            return;
        std::string kept;
        if (const auto domain = helo_domain(request, kept); !domain.empty())
            ahead.spf_helo = spf_->look_ahead(*request.client, domain);
        if (const auto& domain = request.sender_address.domain; !domain.empty())
            ahead.spf_mail_from = spf_->look_ahead(*request.client, domain);
        return;
    }
    for (const auto hash : {ahead.spf_helo, ahead.spf_mail_from})
        if (const auto* const answer = spf_->look_ahead(hash); answer && what == Ahead::value)
            prefetch(answer->get());
    if (const auto* const answer = spf_->look_ahead(ahead.spf_mail_from); answer && what == Ahead::text) // for its header
        for (const auto* text : {&(*answer)->field_head, &(*answer)->field_tail})
            prefetch(text->data(), text->size());
}

// Not asked about, or remembered to be of no interest.
bool SpfCheck::has_nothing_on_helo(const PolicyRequest& request, PolicyMessage& message) const
{
    if (!asks_helo(false))
        return true;
    std::string kept;
    if (!message.spf_helo)
        message.spf_helo = known({SpfIdentity::helo, request, helo_domain(request, kept)});
    return message.spf_helo && !is_worth_a_word(message.spf_helo->result);
}

// Both identities, whatever it takes.
asio::awaitable<Verdict> SpfCheck::evaluate(const PolicyRequest& request, PolicyMessage& message, Deadline deadline)
{
    const bool is_null_sender = request.sender_address.is_null();
    const bool asks_mail_from = !is_null_sender && settings_.mail_from != SpfRejectOn::unchecked;
    Verdict helo;
    if (asks_helo(is_null_sender)) {
        std::string kept;
        const Subject subject{SpfIdentity::helo, request, helo_domain(request, kept)};
        const bool is_new = !message.spf_helo;
        if (is_new && !(message.spf_helo = known(subject)))
            message.spf_helo = co_await find_out(subject, deadline);
        const auto answer = message.spf_helo;

        if (!asks_mail_from || is_worth_a_word(answer->result)) {
            helo = judge(subject, *answer);
            if (is_new && !asks_mail_from)
                helo.header = header(subject, *answer);
            if (helo.weight() != Weight::none)
                helo = co_await excused(request, std::move(helo), deadline);
            if (!asks_mail_from || helo.weight() == Weight::final)
                co_return helo;
        }
    }
    if (!asks_mail_from)
        co_return helo; // nobody wants to know

    const Subject subject{SpfIdentity::mail_from, request, request.sender_address.domain};
    const bool is_new = !message.spf_mail_from;
    if (is_new && !(message.spf_mail_from = known(subject)))
        message.spf_mail_from = co_await find_out(subject, deadline);
    const auto answer = message.spf_mail_from;

    auto mail_from = judge(subject, *answer);
    if (is_new)
        mail_from.header = header(subject, *answer);
    if (mail_from.weight() != Weight::none)
        mail_from = co_await excused(request, std::move(mail_from), deadline);
    if (!helo.reason.empty())
        join(mail_from, std::move(helo));
    co_return mail_from;
}

// The HELO name of a null sender is its sender, too (RFC 7208 2.4).
bool SpfCheck::asks_helo(bool is_null_sender) const
{
    return helo_rule(settings_.helo, is_null_sender) != SpfRejectOn::unchecked
        || (is_null_sender && settings_.mail_from != SpfRejectOn::unchecked);
}

SharedSpfAnswer SpfCheck::known(const Subject& subject) const
{
    const auto& ahead = subject.request.ahead;
    const auto hash = subject.identity == SpfIdentity::helo ? ahead.spf_helo : ahead.spf_mail_from;
    return subject.domain.empty() ? none_ : spf_->known(*subject.request.client, subject.domain, hash);
}

asio::awaitable<SharedSpfAnswer> SpfCheck::find_out(const Subject& subject, Deadline deadline)
{
    if (!is_spf_domain(subject.domain))
        co_return none_;
    const auto& request = subject.request;
    SpfQuery query{*request.client, {}, std::string(subject.domain), request.helo_name, settings_.receiver};
    if (subject.identity == SpfIdentity::mail_from)
        query.local_part = request.sender_address.local_part;
    const auto limit = std::chrono::steady_clock::now() + settings_.deadline;
    co_return co_await spf_->check_host(std::move(query), std::min(deadline, limit));
}

Verdict SpfCheck::judge(const Subject& subject, const SpfAnswer& answer) const
{
    SpfFinding finding{subject.identity, subject.request.sender_address.is_null(), false,
                       *subject.request.client, subject.domain, answer};
    if (answer.result == SpfResult::neutral || answer.result == SpfResult::softfail)
        finding.wants_pass = not_pass_domains_.contains(subject.domain);
    if (subject.request.notes)
        subject.request.notes->push_back(note(subject.identity, subject.domain, answer));
    return spf_verdict(finding, settings_);
}

asio::awaitable<Verdict> SpfCheck::excused(const PolicyRequest& request, Verdict verdict, Deadline deadline)
{
    if (!exemptions_)
        co_return verdict;
    const auto exemption = co_await exemptions_->find(request, deadline);
    switch (exemption.is) {
    case SpfExemption::Is::no:
        break;
    case SpfExemption::Is::yes:
        verdict = Verdict{.header = std::move(verdict.header), .reason = std::move(verdict.reason)};
        verdict.reason.append(" exempt=").append(exemption.why);
        if (settings_.skipped_header)
            verdict.header = write_spf_skipped("SPF skipped for whitelisted relay domain",
                                               mail({SpfIdentity::mail_from, request, {}}));
        break;
    case SpfExemption::Is::unknown: // it may be one whose mail must not be lost
        verdict.action = Action::defer_if_permit;
        verdict.code = 0;
        verdict.text = "Message deferred: the DNS does not say whether this client is exempt from SPF";
        verdict.reason.append(" exempt=unknown");
        break;
    }
    co_return verdict;
}

std::string SpfCheck::header(const Subject& subject, const SpfAnswer& answer) const
{
    switch (settings_.header) {
    case SpfHeader::none:
        return {};
    case SpfHeader::received_spf:
        return write_received_spf(mail(subject), answer);
    case SpfHeader::authentication_results:
        return write_spf_auth_results(settings_.authserv_id, mail(subject), answer);
    }
    return {}; // unreachable: -Wswitch names a header without a case
}

SpfMail SpfCheck::mail(const Subject& subject) const
{
    const auto& request = subject.request;
    return {subject.identity, request.client.value_or(IpAddress()), subject.domain, request.sender, request.helo_name,
            settings_.hide_receiver ? std::string_view() : settings_.receiver};
}

Verdict SpfCheck::skip(const PolicyRequest& request, std::string_view why) const
{
    Verdict verdict{.reason = std::string(why)};
    if (const auto words = skipped_words(why); settings_.skipped_header && !words.empty() && request.client)
        verdict.header = write_spf_skipped(words, mail({SpfIdentity::mail_from, request, {}}));
    return verdict;
}

} // namespace postern
