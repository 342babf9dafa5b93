// policyd - the policy daemon, put together
//
// From a configuration to the chain of checks and what they stand on: the
// resolver, the lists, the store. configure() builds the chain anew and puts it
// in force at once, or changes nothing; requests that have begun finish on
// what they began with. The greylist's store is opened when it is wanted first,
// and stays. Everything happens on the io_context's thread.
// Failure: the Error of configure() says what cannot be built. A store that
// does not work is logged, and the check lets mail pass.
// Config: [policyd] [dns] [trust] [dnsbl] [recipient] [[ldap]] [spf] [greylist]
// Log: see greylist and recipients; event=client_address state=hidden|visible;
// event=dns state=down|ready
#pragma once

#include "common/clock.h"
#include "common/dns/server_health.h"
#include "common/facts.h"
#include "common/file_descriptor.h"
#include "common/log.h"
#include "common/result.h"
#include "config/config.h"
#include "policyd/client_address_guard.h"
#include "policyd/greylist.h"
#include "policyd/message_store.h"
#include "policyd/policy.h"
#include "policyd/policy_counts.h"
#include "policyd/server.h"
#include "policyd/spf_check.h"

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace postern {

class Dnsbl;
class Recipients;

class Policyd {
public:
    Policyd(asio::io_context& io, Log& log); // both outlive it
    ~Policyd();

    // Could it be configured so? Opens and changes nothing.
    Result<> check(const Config& config) const;

    // At start, and again at each reload.
    Result<> configure(const Config& config);

    // Once, after configure(). `listener` listens already.
    void serve(FileDescriptor listener);

    // What a request would be answered, and why: lines for people. Changes nothing but caches.
    asio::awaitable<std::string> explain(PolicyRequest request) const;

    // Takes no new work and calls `done` when what was begun is finished.
    void drain(std::function<void()> done);

    // For the control command "greylist reread".
    void reread_greylist() { greylist_.reread(); }

    // What it knows of itself, after configure().
    void add_facts(Facts& facts) const;

private:
    struct Parts;

    Result<std::unique_ptr<Parts>> build(const Config& config) const;
    Result<std::shared_ptr<Dnsbl>> build_dnsbl(const Parts& parts) const;
    Result<> build_recipients(Parts& parts) const;
    ChainedCheck dnsbl_check(const Parts& parts) const;
    static GreylistVouchers::CheckHost check_host(const Parts& parts);
    Result<> build_greylist(Parts& parts) const;
    Result<> build_spf(Parts& parts) const;
    ChainedCheck spf_check(const Parts& parts) const;
    std::vector<ChainedCheck> checks(const Parts& parts);

    asio::io_context& io_;
    Log& log_;
    SystemClock clock_;
    Greylist greylist_;
    MessageStore messages_;
    PolicyCounts counts_;
    std::shared_ptr<ServerHealth> dns_health_; // stays, whatever is configured
    std::shared_ptr<ClientAddressGuard> addresses_; // stays, whatever is configured
    std::unique_ptr<Parts> parts_;
    CurrentPolicy current_;
    std::unique_ptr<Server> server_;
    bool is_draining_ = false;
};

} // namespace postern
