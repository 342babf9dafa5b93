#include "policyd/greylist_check.h"

#include "common/text.h"

namespace postern {
namespace {

int prefix(std::int64_t setting)
{
    return static_cast<int>(setting);
}

// The domain that has named this client as one of its own; empty: none, or it is not known. The DNS allows a slash in a
// name, but it parts a triplet, and no client has one.
std::string_view verified_domain(const PolicyRequest& request, const PolicyMessage& message)
{
    const auto& spf = message.spf_mail_from;
    const auto& domain = request.sender_address.domain;
    const bool is_verified = spf && spf->result == SpfResult::pass && spf->names_client;
    return is_verified && domain.find('/') == std::string::npos ? std::string_view(domain) : std::string_view();
}

} // namespace

GreylistPolicy greylist_policy(const GreylistSettings& settings)
{
    return {settings.delay, settings.retry_window, settings.max_age, settings.auto_whitelist_after};
}

GreylistCheck::GreylistCheck(GreylistStore& store, const Clock& clock, Options options)
    : store_(store)
    , clock_(clock)
    , options_(std::move(options))
    , rules_(options_.settings, options_.trusted, options_.lists)
    , policy_(greylist_policy(options_.settings))
    , texts_(greylist_texts(options_.settings, options_.hostname, options_.version))
{
}

FunctionState GreylistCheck::state() const
{
    const auto trouble = store_.state().trouble;
    return {name(), trouble.empty() ? FunctionState::Kind::ready : FunctionState::Kind::down, trouble, "pass"};
}

// Into keys_, as those below.
void GreylistCheck::write_domain_keys(const PolicyRequest& request, std::string_view domain)
{
    write_greylist_mail(request.sender_address, request.recipient_address, mail_);
    keys_.domain.triplet.clear(); // its memory stays
    keys_.domain.client.clear();
    if (!domain.empty()) {
        domain_.assign("@").append(domain); // as domain_key has it: the domain is in lower case
        keys_.domain.assign(domain_, mail_);
    }
}

// After the domain's.
void GreylistCheck::write_network_keys(const PolicyRequest& request)
{
    const auto& settings = options_.settings;
    keys_.network.assign(
        network_key(*request.client, prefix(settings.ipv4_prefix), prefix(settings.ipv6_prefix)).text, mail_);
    if (settings.auto_whitelist_by == "address")
        keys_.network.client = request.client->text();
}

GreylistPolicy GreylistCheck::policy_for(const MailAddress& recipient) const
{
    auto policy = policy_;
    policy.delay = rules_.delay(recipient);
    return policy;
}

// What memory has of a pair; false: there may be more of it.
bool GreylistCheck::recall(const GreylistKeyPair& keys, GreylistRowPair& rows, const GreylistKeyHashes& hashes)
{
    const auto both = store_.recall(keys, hashes);
    rows = both ? *both : GreylistRowPair{{}, store_.recall_client(keys)};
    return both.has_value();
}

// What memory alone decides; nothing: the store has to be asked. The domain is enough where it lets the mail in once
// more, and a client that is whitelisted whatever the triplet.
std::optional<GreylistDecision> GreylistCheck::recall(const PolicyRequest& request, const PolicyMessage& message,
                                                      Timestamp now)
{
    const auto policy = policy_for(request.recipient_address);
    GreylistRows rows;
    bool is_all = true;
    write_domain_keys(request, options_.settings.spf_key ? verified_domain(request, message) : std::string_view());
    const bool has_domain = !keys_.domain.empty();
    if (has_domain) {
        is_all = recall(keys_.domain, rows.domain, request.ahead.greylist);
        const auto decision = greylist_decide(rows, true, now, policy);
        if (decision.lets_in() && !decision.is_first_pass && !request.notes) // which name both keys
            return decision;
    }
    write_network_keys(request);
    is_all = recall(keys_.network, rows.network) && is_all;
    const auto decision = greylist_decide(rows, has_domain, now, policy);
    return is_all || decision.kind == GreylistDecision::Kind::client_whitelisted ? std::optional(decision) : std::nullopt;
}

// As if SPF would vouch for the client, which it does for nearly all mail that is known.
void GreylistCheck::look_ahead(const PolicyRequest& request, Ahead what)
{
    if (!request.client || (what != Ahead::place && what != Ahead::entry))
        return;
    rules_.look_ahead(request, what == Ahead::place);
    if (what == Ahead::entry)
        return store_.look_ahead(request.ahead.greylist);
    const auto& domain = request.sender_address.domain;
    if (!options_.settings.spf_key || domain.empty())
        return;
    write_domain_keys(request, domain);
    request.ahead.greylist = store_.look_ahead(keys_.domain);
}

VerdictSoon GreylistCheck::ask(const PolicyRequest& request, PolicyMessage& message, Deadline deadline)
{
    if (const auto reason = rules_.exemption(request, message); !reason.empty())
        return answer(request, Verdict{.reason = std::string(reason)});

    if (const auto decision = recall(request, message, clock_.now());
        decision && (decision->lets_in() || options_.vouchers.empty()))
        return conclude(request, keys_, *decision);
    return look_up(request, keys_, deadline);
}

asio::awaitable<Verdict> GreylistCheck::look_up(const PolicyRequest& request, GreylistKeys keys, Deadline deadline)
{
    const auto rows = co_await store_.find(keys, deadline);
    if (!rows) {
        if (request.notes)
            request.notes->push_back(rows.error().what);
        co_return answer(request, Verdict{.reason = "store unavailable"});
    }
    auto decision = greylist_decide(*rows, !keys.domain.empty(), clock_.now(), policy_for(request.recipient_address));
    if (!decision.lets_in() && !options_.vouchers.empty()) {
        auto voucher = co_await options_.vouchers.voucher(*request.client, request.helo_name, deadline, request.notes);
        if (!voucher.empty())
            co_return answer(request, Verdict{.reason = std::move(voucher)});
    }
    co_return conclude(request, keys, decision);
}

Verdict GreylistCheck::conclude(const PolicyRequest& request, const GreylistKeys& keys, const GreylistDecision& decision)
{
    if (request.notes) { // nothing is learned (see check.h)
        request.notes->push_back(concat({"counts for ", keys.network.client, keys.domain.empty() ? "" : " and ",
                                         keys.domain.client}));
        return answer(request, greylist_verdict(decision, texts_, request.recipient_address, clock_.now()), decision);
    }
    store_.apply(keys.network, decision.writes.network);
    if (!keys.domain.empty())
        store_.apply(keys.domain, decision.writes.domain);
    return answer(request, greylist_verdict(decision, texts_, request.recipient_address, clock_.now()), decision);
}

Verdict GreylistCheck::answer(const PolicyRequest& request, Verdict verdict, const GreylistDecision& decision) const
{
    if (options_.on_answer && !request.notes)
        options_.on_answer(postgrey_line(request, verdict, decision));
    return verdict;
}

} // namespace postern
