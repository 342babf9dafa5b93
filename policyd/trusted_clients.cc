#include "policyd/trusted_clients.h"

namespace postern {

Result<TrustedClients> TrustedClients::parse(const TrustSettings& settings)
{
    TrustedClients trusted;
    const auto networks = NetworkList::parse(settings.networks);
    if (!networks)
        return fail("trust.networks: {}", networks.error().what);
    const auto relays = NetworkList::parse(settings.relays);
    if (!relays)
        return fail("trust.relays: {}", relays.error().what);
    trusted.networks_ = *networks;
    trusted.relays_ = *relays;
    return trusted;
}

std::string_view TrustedClients::trust(const PolicyRequest& request) const
{
    if (!request.sasl_username.empty())
        return "login";
    if (networks_.contains(request.client, request.client_name))
        return "network";
    if (relays_.contains(request.client, request.client_name))
        return "relay";
    return {};
}

} // namespace postern
