#include "policyd/trusted_clients.h"

namespace postern {

Result<TrustedClients> TrustedClients::parse(const TrustSettings& settings, std::shared_ptr<ClientAddressGuard> guard)
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
    trusted.judge_private_ = settings.judge_private;
    trusted.guard_ = std::move(guard);
    return trusted;
}

std::string_view TrustedClients::trust(const PolicyRequest& request) const
{
    const bool is_address_private = request.client && is_private(*request.client);
    const bool is_real = !request.notes; // see check.h
    if (guard_ && is_real && request.client && !is_address_private)
        guard_->saw_public();
    if (!request.sasl_username.empty())
        return "login";
    if (networks_.contains(request.client, request.client_name))
        return "network";
    if (relays_.contains(request.client, request.client_name))
        return "relay";
    if (!is_address_private || judge_private_)
        return {};
    if (guard_ && is_real)
        guard_->saw_private(*request.client, request.instance);
    return "private";
}

} // namespace postern
