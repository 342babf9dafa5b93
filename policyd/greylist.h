// greylist - greylisting, put together: the lists, the store, the check
//
// prepare() does all that can fail and changes nothing; check() makes the
// check from it. The store is opened when the first check is made, and stays:
// two on one file would not know of each other's memory. Another store is
// taken at the next start.
// Failure: the Error of prepare() has each fault of the list files in a line.
// A store that does not work is logged, and mail passes.
// Config: [greylist] [redis]
// Log: event=greylist_store state=down|ready|full|roomy error=...
//      event=greylist_lists result=loaded|refused clients=12 recipients=2 error=...
//      event=postgrey line="action=pass, reason=client whitelist, client_name=..."  (postgrey_log)
#pragma once

#include "common/clock.h"
#include "common/log.h"
#include "policyd/check.h"
#include "policyd/greylist_list_watch.h"
#include "policyd/greylist_sqlite.h"
#include "policyd/greylist_vouchers.h"
#include "policyd/trusted_clients.h"

#include <asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

namespace postern {

class Greylist {
public:
    Greylist(asio::io_context& io, const Clock& clock, Log& log); // all outlive it
    ~Greylist();

    struct Prepared {
        GreylistSettings settings;
        RedisSettings redis;
        std::shared_ptr<GreylistListWatch> watch{}; // lives as long as its lists are in force
        std::optional<GreylistVouchers> vouchers{};
    };
    Result<Prepared> prepare(const Config& config, GreylistVouchers::Sources sources) const;

    std::unique_ptr<Check> check(const Prepared& prepared, std::shared_ptr<const TrustedClients> trusted);

    // For the control command "greylist reread": another program has changed the store.
    void reread();

    void add_facts(Facts& facts) const; // of the store; none before the first check()

private:
    std::unique_ptr<GreylistStore> open_store(const Prepared& prepared);
    GreylistSqliteOptions store_options(const GreylistSettings& settings);
    void log_state(const std::string& trouble);

    asio::io_context& io_;
    const Clock& clock_;
    Log& log_;
    std::unique_ptr<GreylistStore> store_; // after what it tells of its state
};

} // namespace postern
