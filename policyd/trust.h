// trust - who is not judged
//
// Our own clients, servers that forward mail to us and whoever has logged in:
// no check that judges strangers (SPF, greylisting) asks about their mail.
// Config: [trust] networks, relays.
#pragma once

#include "common/network_list.h"
#include "policyd/policy_request.h"

namespace postern {

struct Trust {
    NetworkList networks;
    NetworkList relays;

    bool covers(const PolicyRequest& request) const
    {
        return !request.sasl_username.empty() || networks.contains(request.client, request.client_name)
            || relays.contains(request.client, request.client_name);
    }
};

} // namespace postern
