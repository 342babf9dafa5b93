// milterd - the milter daemon, put together
//
// The resolver's thread, the chain of filters, the sessions, libmilter.
// configure() builds the chain anew and swaps it whole, or changes nothing;
// mails in flight end on the chain that they began with.
// Failure: the Error of configure() says what cannot be built. A DKIM key that
// cannot be used refuses a reload, but not a start: then mail of its domain is
// deferred, and all other mail is served. Should
// libmilter end, the daemon ends too (SIGTERM to itself, has_failed()).
// Config: [milterd] [dns] and those of build_chain
#pragma once

#include "common/facts.h"
#include "common/file_descriptor.h"
#include "common/log.h"
#include "common/result.h"
#include "config/config.h"
#include "milterd/body_spool.h"
#include "milterd/clamd_server.h"
#include "milterd/dkim_signers.h"
#include "milterd/resolver_thread.h"
#include "milterd/session.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <vector>

namespace postern {

class Milterd {
public:
    // `signers`: read while the program could read them; starts the resolver's thread.
    Milterd(Log& log, DkimSigners signers);

    // At start, and again at each reload.
    Result<> configure(const Config& config);

    // Once a process, after configure(). `listener` listens already.
    void serve(FileDescriptor listener);

    // Takes no new mail, and calls `done` (from a thread) when those in work have their answers.
    void drain(std::function<void()> done);

    // After the drain. True: this object may go. False: a mail is still in work, the process must end at once.
    bool close();

    bool has_failed() const { return *has_failed_; }

    // What it knows of itself, after configure().
    void add_facts(Facts& facts);

private:
    Log& log_;
    SystemClock clock_;
    std::shared_ptr<ServerHealth> dns_health_;
    ResolverThread dns_;
    std::shared_ptr<FilterCounts> filter_counts_;
    DkimSigners signers_;
    std::shared_ptr<SpoolBudget> spool_;
    std::shared_ptr<ClamdServers> clamds_; // what is known of them outlives a reload
    std::shared_ptr<SessionHost> host_;
    std::vector<std::weak_ptr<const FilterChain>> chains_; // that a mail may still be in
    std::shared_ptr<std::atomic<bool>> has_failed_; // with the thread that serves
    bool is_draining_ = false;
    std::future<void> has_told_; // whoever waits for the drain
};

} // namespace postern
