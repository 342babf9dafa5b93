// spf_check - refuse mail that SPF says is forged
//
// Asks for two identities and keeps them apart: the HELO name, and the domain
// of the sender (RFC 7208 2.3, 2.4). Each has its own setting, a pass of one
// is no pass of the other, and both are evaluated once a message. A null
// sender stands for postmaster at the HELO name: then that one answer is
// judged by the stricter of both settings. What is not refused gets a
// Received-SPF header field with the answer for the sender (HELO if null).
// Not judged: clients that are trusted (see trusted_clients) and those whose
// address is not known.
// Failure: a DNS that does not answer in time is temperror: a header, or
// deferred by setting.
// Config: [spf].  Log: spf="reject fail 85us"; the HELO name is said as helo=softfail where it is neither none nor pass
// See: RFC 7208 8, RFC 7372 (7.23, 7.24)
#pragma once

#include "common/spf/received_spf.h"
#include "common/spf/spf_answer.h"
#include "config/config.h"
#include "policyd/check.h"
#include "policyd/trusted_clients.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postern {

// check_host() with its resolver and its limits; the answer is never null.
using CheckHost = std::function<asio::awaitable<SharedSpfAnswer>(SpfQuery query, Deadline deadline)>;

// What is judged: the answer for one identity of one client.
struct SpfFinding {
    SpfIdentity identity = SpfIdentity::mail_from;
    bool is_null_sender = false; // then `identity` is helo, and stands for both
    const SpfQuery& query;
    const SpfAnswer& answer;
};

// The decision alone: no I/O, so a table can test it.
Verdict spf_verdict(const SpfFinding& finding, const SpfSettings& settings);

class SpfCheck final : public Check {
public:
    // `settings.receiver` is our own name and not empty.
    SpfCheck(CheckHost check_host, SpfSettings settings, std::shared_ptr<const TrustedClients> trusted);

    std::string_view name() const override { return "spf"; }
    asio::awaitable<Verdict> check(const PolicyRequest& request, PolicyMessage& message, Deadline deadline) override;

private:
    asio::awaitable<Verdict> judge(SpfIdentity identity, const PolicyRequest& request, PolicyMessage& message,
                                   Deadline deadline);
    asio::awaitable<SharedSpfAnswer> ask(const SpfQuery& query, Deadline deadline);

    CheckHost check_host_;
    SpfSettings settings_;
    std::shared_ptr<const TrustedClients> trusted_;
};

} // namespace postern
