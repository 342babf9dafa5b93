// spf_check - refuse mail that SPF says is forged
//
// Asks for two identities and keeps them apart: the HELO name, and the domain
// of the sender (RFC 7208 2.3, 2.4). Each has its own setting, a pass of one
// is no pass of the other, and both are evaluated once a message. A null
// sender stands for postmaster at the HELO name: one answer is judged by both
// settings (see spf_verdict). What would be refused is looked at once more:
// the operator may have exempted it (see spf_exemptions). What is not refused
// gets a header field with the answer for the sender; for the HELO name if the
// sender is null or not asked about.
// Not judged: clients that are trusted (see trusted_clients) and those whose
// address is not known.
// Failure: a DNS that does not answer in time is temperror: a header, or
// deferred by setting.
// Config: [spf].  Log: spf="reject fail 85us"; the HELO name is said as helo=softfail where it is neither none nor pass
#pragma once

#include "common/spf/spf_source.h"
#include "config/config.h"
#include "policyd/check.h"
#include "policyd/spf_exemptions.h"
#include "policyd/spf_verdict.h"
#include "policyd/trusted_clients.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

class SpfCheck final : public Check {
public:
    struct Options {
        SpfSettings settings; // `receiver` and `authserv_id` are not empty
        std::shared_ptr<SpfSource> spf;
        std::shared_ptr<const TrustedClients> trusted;
        std::shared_ptr<SpfExemptions> exemptions{}; // nullptr: none
    };

    explicit SpfCheck(Options options);

    std::string_view name() const override { return "spf"; }
    VerdictSoon ask(const PolicyRequest& request, PolicyMessage& message, Deadline deadline) override;
    void look_ahead(const PolicyRequest& request, Ahead what) override;

private:
    // One identity of a request, on its way to a verdict.
    struct Subject {
        SpfIdentity identity;
        const PolicyRequest& request;
        std::string_view domain; // empty: there is none to ask for
    };

    bool asks_helo(bool is_null_sender) const;
    SharedSpfAnswer known(const Subject& subject) const;
    bool has_nothing_on_helo(const PolicyRequest& request, PolicyMessage& message) const;
    asio::awaitable<Verdict> evaluate(const PolicyRequest& request, PolicyMessage& message, Deadline deadline);
    asio::awaitable<SharedSpfAnswer> find_out(const Subject& subject, Deadline deadline);
    Verdict judge(const Subject& subject, const SpfAnswer& answer) const;
    asio::awaitable<Verdict> excused(const PolicyRequest& request, Verdict verdict, Deadline deadline);
    std::string header(const Subject& subject, const SpfAnswer& answer) const;
    SpfMail mail(const Subject& subject) const;
    Verdict skip(const PolicyRequest& request, std::string_view why) const;

    SpfSettings settings_;
    DomainList not_pass_domains_;
    std::shared_ptr<SpfSource> spf_;
    std::shared_ptr<const TrustedClients> trusted_;
    std::shared_ptr<SpfExemptions> exemptions_;
    SharedSpfAnswer none_; // for a domain that is none (RFC 7208 4.3)
};

} // namespace postern
