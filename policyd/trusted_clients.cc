#include "policyd/trusted_clients.h"

#include "common/read_file.h"

namespace postern {

Result<TrustedClients> TrustedClients::parse(const TrustSettings& settings, std::shared_ptr<ClientAddressGuard> guard)
{
    TrustedClients trusted;
    const ReadText read = [](const std::string& path) { return read_file(path, data_file_limit); };
    std::vector<Error> faults;
    trusted.networks_ = NetworkList::load(settings.networks, "trust.networks", read, faults);
    trusted.relays_ = NetworkList::load(settings.relays, "trust.relays", read, faults);
    if (!faults.empty())
        return tl::unexpected(one_error(faults));
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
