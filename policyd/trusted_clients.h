// trusted_clients - who is not judged
//
// Clients that have logged in, those of [trust] networks, and [trust] relays,
// which bring other people's mail. A check that judges strangers asks here
// first; each says the same word for the same reason.
// Failure: the Error names the entry that cannot be understood.
// Config: [trust]
#pragma once

#include "common/network_list.h"
#include "common/result.h"
#include "config/config.h"
#include "policyd/policy_request.h"

#include <string_view>

namespace postern {

class TrustedClients {
public:
    TrustedClients() = default; // nobody but logins

    static Result<TrustedClients> parse(const TrustSettings& settings);

    // "login", "network" or "relay", for the decision record; empty: a stranger.
    std::string_view trust(const PolicyRequest& request) const;

private:
    NetworkList networks_;
    NetworkList relays_;
};

} // namespace postern
