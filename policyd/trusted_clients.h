// trusted_clients - who is not judged
//
// Clients that have logged in, those of [trust] networks, and [trust] relays,
// which bring other people's mail. Neither are those with a private address
// (RFC 6890: 10.0.0.0/8, 192.168.0.0/16, fc00::/7, ...): what stands behind it
// is not a host of the Internet, or many (see client_address_guard).
// A check that judges a client by its address asks here first; each says the
// same word for the same reason. One that asks about the recipient does not.
// Failure: the Error names the entries that cannot be understood, those of files with their lines.
// Config: [trust]
#pragma once

#include "common/network_list.h"
#include "common/result.h"
#include "config/config.h"
#include "policyd/client_address_guard.h"
#include "policyd/policy_request.h"

#include <memory>
#include <string_view>

namespace postern {

class TrustedClients {
public:
    TrustedClients() = default; // nobody but logins and private addresses

    // `guard` is told of what addresses come; nullptr: nobody is.
    static Result<TrustedClients> parse(const TrustSettings& settings,
                                        std::shared_ptr<ClientAddressGuard> guard = nullptr);

    // "login", "network", "relay" or "private", for the decision record; empty: a stranger to be judged.
    std::string_view trust(const PolicyRequest& request) const;

private:
    NetworkList networks_;
    NetworkList relays_;
    bool judge_private_ = false;
    std::shared_ptr<ClientAddressGuard> guard_;
};

} // namespace postern
