// spf_exemptions - whose mail SPF lets be, though it would refuse it
//
// A forwarder sends for domains whose records do not name it. The operator
// names those he knows: by a HELO name that has the client's address in the
// DNS, or by a domain whose own SPF record passes the client. And sender
// domains, which anybody can write. Clients known by their address or their
// verified name are not for here: see trusted_clients.
//
// Asked only where there is something to excuse, so that it costs the mail
// that passes nothing.
// Failure: a DNS that does not answer makes it unknown.
// Config: [spf] exempt_helo_names, exempt_spf_domains, exempt_sender_domains, exempt_deadline.
#pragma once

#include "common/dns/resolver.h"
#include "common/domain_list.h"
#include "common/spf/spf_source.h"
#include "config/config.h"
#include "policyd/policy_request.h"

#include <asio/awaitable.hpp>
#include <memory>
#include <string>

namespace postern {

struct SpfExemption {
    enum class Is { no, yes, unknown };

    Is is = Is::no;
    std::string why{}; // "helo", "sender" or "spf:forwarder.example", for the decision record
};

class SpfExemptions {
public:
    // `spf` is not the memory of the check: a client that is refused is asked about for many domains.
    static Result<SpfExemptions> create(const SpfSettings& settings, std::shared_ptr<Resolver> resolver,
                                        std::shared_ptr<SpfSource> spf);

    // `request` has a client, and outlives the call.
    asio::awaitable<SpfExemption> find(const PolicyRequest& request, Deadline deadline);

private:
    SpfExemptions(std::shared_ptr<Resolver> resolver, std::shared_ptr<SpfSource> spf);

    asio::awaitable<SpfExemption::Is> has_helo_address(const PolicyRequest& request, Deadline deadline);
    asio::awaitable<SpfExemption> passes_a_domain(const PolicyRequest& request, Deadline deadline);

    std::shared_ptr<Resolver> resolver_;
    std::shared_ptr<SpfSource> spf_;
    DomainList helo_names_;
    DomainList sender_domains_;
    Texts spf_domains_; // A-labels
    std::chrono::seconds time_limit_{};
};

} // namespace postern
