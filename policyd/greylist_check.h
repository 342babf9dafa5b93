// greylist_check - have an unknown sender come back
//
// Asks the store at RCPT, decides, writes back. Mail of our own clients, of
// trusted relays and of logins is not asked about; neither is a request that
// lacks what makes a triplet.
// Failure: a store that does not work lets the mail pass, with the reason
// "store unavailable" in the record.
// Config: [greylist], [trust].
// See: RFC 6647; greylist_decision for the rules.
#pragma once

#include "config/config.h"
#include "policyd/check.h"
#include "policyd/greylist_decision.h"
#include "policyd/greylist_store.h"
#include "policyd/trusted_clients.h"

#include <memory>
#include <string>

namespace postern {

GreylistPolicy greylist_policy(const GreylistSettings& settings);

// What a decision is worth: the reply that asks to come back, the header of
// the first mail that did, or nothing. Pure.
struct GreylistTexts {
    std::string reply;  // %s: seconds missing, %r: the recipient's domain
    std::string header; // %t: seconds waited, %v: version, %h: our host, %d: date; empty: none
    std::string hostname;
    std::string version;
};
Verdict greylist_verdict(const GreylistDecision& decision, const GreylistTexts& texts, const MailAddress& recipient,
                         Timestamp now);

class GreylistCheck final : public Check {
public:
    struct Options {
        GreylistSettings settings;
        std::shared_ptr<const TrustedClients> trusted; // not null
        std::string hostname;
        std::string version;
    };

    // `store` and `clock` must outlive it.
    GreylistCheck(GreylistStore& store, const Clock& clock, Options options);

    std::string_view name() const override { return "greylist"; }
    asio::awaitable<Verdict> check(const PolicyRequest& request, PolicyMessage& message, Deadline deadline) override;

private:
    GreylistStore& store_;
    const Clock& clock_;
    Options options_;
    GreylistPolicy policy_;
    GreylistTexts texts_;
};

} // namespace postern
