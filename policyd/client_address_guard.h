// client_address_guard - do the clients' own addresses reach us?
//
// Behind Docker's userland proxy, a Kubernetes service or a load balancer
// every client of the world has the proxy's address. No check can judge a
// client by that: greylisting would wait once and then know everybody, SPF
// would refuse all who publish a record. So a private address is judged by
// none of them (see trusted_clients), and where for many messages nothing but
// one or few such addresses comes, the operator is told how to mend it.
// One public address shows that addresses come through, and ends it.
//
// Everything on the thread of the io_context.
// Log (by on_change): event=client_address state=hidden|visible
#pragma once

#include "common/clock.h"
#include "common/ip_address.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class ClientAddressGuard {
public:
    struct State {
        std::uint64_t private_messages = 0; // not judged; since the start
        bool is_hidden = false;
        std::string from; // the addresses in place of the clients' own: "172.17.0.1 fd00::1"
    };

    struct Options {
        std::uint64_t messages = 20;                   // in a row, before it is said
        std::size_t addresses = 4;                     // more than these are clients of a network of our own
        std::chrono::seconds interval{600};            // before it is said again
        std::function<Deadline()> now = coarse_now;
        std::function<void(const State&)> on_change;   // hidden (again and again), and visible once
    };

    explicit ClientAddressGuard(Options options);

    // A client with a public address, trusted or not. Costs nothing.
    void saw_public()
    {
        if (in_a_row_ > 0)
            start_again();
    }

    // A stranger with a private address. Several checks tell of one message: it counts once.
    void saw_private(const IpAddress& client, std::string_view instance);

    State state() const;

private:
    bool is_hidden() const { return in_a_row_ >= options_.messages && !are_many_; }
    void start_again();

    Options options_;
    std::uint64_t private_messages_ = 0;
    std::uint64_t in_a_row_ = 0;
    std::string last_instance_;
    std::vector<IpAddress> addresses_; // of this row
    bool are_many_ = false;
    bool is_said_ = false;
    Deadline said_{};
};

// What can be done about it: one sentence for the log.
std::string hidden_clients_advice(const ClientAddressGuard::State& state);

} // namespace postern
