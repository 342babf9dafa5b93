#include "policyd/client_address_guard.h"

#include "common/text.h"

#include <algorithm>
#include <utility>

namespace postern {

ClientAddressGuard::ClientAddressGuard(Options options)
    : options_(std::move(options))
{
}

void ClientAddressGuard::saw_private(const IpAddress& client, std::string_view instance)
{
    if (!instance.empty() && instance == last_instance_)
        return;
    last_instance_ = instance;
    ++private_messages_;
    ++in_a_row_;
    if (std::find(addresses_.begin(), addresses_.end(), client) == addresses_.end()) {
        if (addresses_.size() < options_.addresses)
            addresses_.push_back(client);
        else
            are_many_ = true;
    }
    if (!is_hidden())
        return;
    if (const auto now = options_.now(); !is_said_ || now - said_ >= options_.interval) {
        is_said_ = true;
        said_ = now;
        options_.on_change(state());
    }
}

void ClientAddressGuard::start_again()
{
    in_a_row_ = 0;
    addresses_.clear();
    are_many_ = false;
    if (std::exchange(is_said_, false))
        options_.on_change(state());
}

ClientAddressGuard::State ClientAddressGuard::state() const
{
    State state{private_messages_, is_hidden(), {}};
    if (state.is_hidden)
        for (const auto& address : addresses_)
            state.from.append(state.from.empty() ? "" : " ").append(address.text());
    return state;
}

std::string hidden_clients_advice(const ClientAddressGuard::State& state)
{
    return concat({"every client seems to come from ", state.from,
                   ": none is judged by SPF, DNS lists or greylisting. Let Postfix see the clients' own addresses: run "
                   "it in the host's network, or let the proxy speak the PROXY protocol "
                   "(smtpd_upstream_proxy_protocol = haproxy). If these are clients of your own, name them in "
                   "trust.networks"});
}

} // namespace postern
