// greylist_check - have an unknown sender come back
//
// At RCPT, in postgrey's order: who is exempt (greylist_rules) passes; then the
// store is asked, by the client's network and by the sender's domain where SPF
// vouches for the client by name (RFC 7208; see SpfAnswer::names_client), so
// that a retry from another address of the same sender counts; then it is
// decided (greylist_decision). What would have to wait passes if somebody
// speaks for the client (greylist_vouchers), and nothing is written.
// A mail that is known is answered from memory, without a suspension.
// Failure: a store that does not work lets the mail pass, with the reason
// "store unavailable" in the record; why, stands in an explanation.
// Config: [greylist], [[greylist.domain]], [trust].
// See: RFC 6647
#pragma once

#include "config/config.h"
#include "policyd/check.h"
#include "policyd/greylist_decision.h"
#include "policyd/greylist_rules.h"
#include "policyd/greylist_store.h"
#include "policyd/greylist_texts.h"
#include "policyd/greylist_vouchers.h"

#include <functional>
#include <memory>
#include <string>

namespace postern {

GreylistPolicy greylist_policy(const GreylistSettings& settings);

class GreylistCheck final : public Check {
public:
    struct Options {
        GreylistSettings settings;
        std::shared_ptr<const TrustedClients> trusted;     // not null
        std::shared_ptr<const CurrentGreylistLists> lists; // not null
        GreylistVouchers vouchers;
        std::string hostname;
        std::string version;
        std::function<void(std::string postgrey_line)> on_answer; // none: not wanted
    };

    // `store` and `clock` must outlive it.
    GreylistCheck(GreylistStore& store, const Clock& clock, Options options);

    std::string_view name() const override { return "greylist"; }
    VerdictSoon ask(const PolicyRequest& request, PolicyMessage& message, Deadline deadline) override;
    void look_ahead(const PolicyRequest& request, Ahead what) override;
    FunctionState state() const override;

private:
    void write_domain_keys(const PolicyRequest& request, std::string_view domain);
    void write_network_keys(const PolicyRequest& request);
    bool recall(const GreylistKeyPair& keys, GreylistRowPair& rows, const GreylistKeyHashes& hashes = {});
    std::optional<GreylistDecision> recall(const PolicyRequest& request, const PolicyMessage& message, Timestamp now);
    asio::awaitable<Verdict> look_up(const PolicyRequest& request, GreylistKeys keys, Deadline deadline);
    GreylistPolicy policy_for(const MailAddress& recipient) const;
    Verdict conclude(const PolicyRequest& request, const GreylistKeys& keys, const GreylistDecision& decision);
    Verdict answer(const PolicyRequest& request, Verdict verdict, const GreylistDecision& decision = {}) const;

    GreylistStore& store_;
    const Clock& clock_;
    Options options_;
    GreylistRules rules_;
    GreylistPolicy policy_;
    GreylistTexts texts_;
    GreylistKeys keys_; // of the request at hand
    std::string mail_, domain_; // for the keys
};

} // namespace postern
