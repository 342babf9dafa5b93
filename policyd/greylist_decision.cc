#include "policyd/greylist_decision.h"

#include <algorithm>
#include <fmt/format.h>

namespace postern {
namespace {

using namespace std::chrono_literals;
using DecisionKind = GreylistDecision::Kind;

// One mail with twenty recipients is one sign of good behaviour, not twenty
constexpr auto pass_interval = 1h;

// A row is not written again for every mail it lets in: its age need not be that exact
std::chrono::seconds touch_interval(const GreylistPolicy& policy)
{
    return std::min<std::chrono::seconds>(1h, policy.max_age / 24);
}

// Not too old, whether or not the store has deleted it by now.
bool counts(const std::optional<ClientRow>& client, Timestamp now, const GreylistPolicy& policy)
{
    return client && now - client->last <= policy.max_age;
}

// The client's row with one more pass, unless one was counted within the hour.
std::optional<ClientRow> pass_counted(const std::optional<ClientRow>& client, Timestamp now, const GreylistPolicy& policy)
{
    if (client && client->last <= now && now < client->last + pass_interval)
        return {};
    return ClientRow{counts(client, now, policy) ? client->passes + 1 : 1, now};
}

bool is_whitelisted(const std::optional<ClientRow>& client, Timestamp now, const GreylistPolicy& policy)
{
    return policy.auto_whitelist_after > 0 && counts(client, now, policy)
        && client->passes >= policy.auto_whitelist_after;
}

// The row as it counts now: none if it is too old, and nothing of it in the future.
std::optional<TripletRow> valid_row(std::optional<TripletRow> row, Timestamp now, const GreylistPolicy& policy)
{
    if (!row)
        return row;
    const bool was_let_in = row->was_let_in();
    if (row->last > now) // the clock was set back
        row = was_let_in ? TripletRow{now - policy.delay, now} : TripletRow{now, now};
    if (was_let_in)
        return now - row->last > policy.max_age ? std::nullopt : row;
    return now - row->first > policy.retry_window ? std::nullopt : row;
}

// Of two that count: one that was let in, else the one that has waited longer.
std::optional<TripletRow> better_row(const std::optional<TripletRow>& domain, const std::optional<TripletRow>& network)
{
    if (!domain || !network)
        return domain ? domain : network;
    if (domain->was_let_in() != network->was_let_in())
        return domain->was_let_in() ? domain : network;
    return domain->was_let_in() || domain->first <= network->first ? domain : network;
}

} // namespace

GreylistDecision greylist_decide(const GreylistRows& rows, bool has_domain, Timestamp now, const GreylistPolicy& policy)
{
    GreylistDecision decision;
    for (const auto half : {&GreylistRows::domain, &GreylistRows::network}) {
        if (is_whitelisted((rows.*half).client, now, policy)) {
            decision.kind = DecisionKind::client_whitelisted;
            (decision.writes.*half).client = pass_counted((rows.*half).client, now, policy);
            return decision;
        }
    }

    const auto row = better_row(valid_row(rows.domain.triplet, now, policy), valid_row(rows.network.triplet, now, policy));
    const auto& found = has_domain ? rows.domain.triplet : rows.network.triplet;
    auto& written = has_domain ? decision.writes.domain.triplet : decision.writes.network.triplet;
    if (!row) {
        decision.kind = DecisionKind::new_triplet;
        decision.missing = policy.delay;
        written = TripletRow{now, now};
        return decision;
    }
    decision.waited = now - row->first;
    if (!row->was_let_in() && decision.waited < policy.delay) {
        decision.kind = DecisionKind::early_retry;
        decision.missing = policy.delay - decision.waited;
        if (row != found)
            written = row; // what the clock's jump made of it, or what the network had waited
        return decision;
    }
    decision.kind = DecisionKind::triplet_found;
    decision.is_first_pass = !row->was_let_in();
    if (decision.is_first_pass || now - row->last >= touch_interval(policy) || row != found)
        written = TripletRow{row->first, now};
    if (decision.is_first_pass && policy.auto_whitelist_after > 0) {
        decision.writes.network.client = pass_counted(rows.network.client, now, policy);
        if (has_domain)
            decision.writes.domain.client = pass_counted(rows.domain.client, now, policy);
    }
    return decision;
}

std::string greylist_reason(const GreylistDecision& decision)
{
    switch (decision.kind) {
    case DecisionKind::new_triplet:
        return "new";
    case DecisionKind::early_retry:
        return fmt::format("early-retry ({}s missing)", decision.missing.count());
    case DecisionKind::triplet_found:
        return "triplet found";
    case DecisionKind::client_whitelisted:
        return "client AWL";
    }
    return {}; // unreachable: -Wswitch names a kind without a case
}

} // namespace postern
