// greylist_rules - whom greylisting is for
//
// Everything that is decided without the store: who is exempt, by postgrey's
// lists and in its order (client, recipient) and by senders that are listed
// and pass SPF; which recipients' domains are greylisted, and how long; and,
// where only what looks suspicious is greylisted, what looks so.
// Config: [greylist], [[greylist.domain]], [trust]
#pragma once

#include "config/config.h"
#include "policyd/greylist_list_watch.h"
#include "policyd/policy_message.h"
#include "policyd/policy_request.h"
#include "policyd/trusted_clients.h"

#include <chrono>
#include <memory>
#include <string_view>

namespace postern {

class GreylistRules {
public:
    // Neither is null.
    GreylistRules(const GreylistSettings& settings, std::shared_ptr<const TrustedClients> trusted,
                  std::shared_ptr<const CurrentGreylistLists> lists);

    // Why the mail passes without a look into the store, a literal for the log; empty: it does not.
    std::string_view exemption(const PolicyRequest& request, const PolicyMessage& message) const;

    // Of exemption(), as Check has it.
    void look_ahead(const PolicyRequest& request, bool is_first) const;

    // How long mail for this recipient waits.
    std::chrono::seconds delay(const MailAddress& recipient) const;

private:
    struct Domain {
        bool is_wanted;
        std::chrono::seconds delay;
    };
    const Domain& domain_of(const MailAddress& recipient) const;
    bool is_suspicious(const PolicyRequest& request, const PolicyMessage& message) const;

    std::shared_ptr<const TrustedClients> trusted_;
    std::shared_ptr<const CurrentGreylistLists> lists_;
    Domain other_domains_;
    TextMap<Domain> domains_;
    bool only_suspicious_;
    bool wants_name_, wants_static_name_, wants_spf_pass_; // who lacks it is suspicious
    std::optional<std::int64_t> score_;                    // who has it or more is suspicious
};

// SPF has said of the sender's domain, or of the HELO name where the sender is null, that the
// client may send for it.
bool passes_spf(const PolicyRequest& request, const PolicyMessage& message);

// Whether a provider gave the name to whoever has the address just now: it holds the last two
// octets of an IPv4 address as numbers, or a word such as "dsl" or "dynamic". Pure.
bool looks_dynamic(std::string_view client_name, const IpAddress& client);

} // namespace postern
