// build_chain - from the configuration to the filters, in their order
//
//     clamav         first, for its refusal spares the rest
//     header         the header as a whole
//     spf, iprev, dkim_verify    find out about strangers
//     dmarc          what spf and dkim_verify are worth for the author's domain
//     auth_results   removes what is forged, says what was found
//     dkim_sign      last, over what leaves
//
// An inbound instance has no dkim_sign; one for submission has neither spf nor
// dkim_verify.
//
// Failure: the Error says what cannot be built; nothing has changed then. A key
// that cannot be read is no such failure: the mail that it should sign is
// deferred, and all other mail goes on.
// Config: [milterd] deadline, authserv_id, max_connections, role and whose mail is ours; [trust] and the sections of
// the filters
#pragma once

#include "common/log.h"
#include "common/result.h"
#include "config/config.h"
#include "milterd/body_spool.h"
#include "milterd/clamd_server.h"
#include "milterd/dkim_signers.h"
#include "milterd/filter_chain.h"
#include "milterd/resolver_thread.h"

#include <functional>
#include <memory>

namespace postern {

// What the filters stand on. All of it outlives the chains and the mails in them.
struct ChainParts {
    ResolverThread& dns;
    const Clock& clock;
    Log& log;
    std::shared_ptr<FilterCounts> counts{};
    DkimSigners signers{};                // whose tables are without fault
    std::shared_ptr<SpoolBudget> spool{}; // its limits are the caller's to set; none: the chain has one of its own
    std::shared_ptr<ClamdServers> clamds{}; // likewise
    std::function<void(const JudgedMessage&)> watch{}; // none: nobody watches
};

// [milterd] max_spooled, max_spooled_messages
SpoolLimits spool_limits(const MilterdSettings& settings);

Result<std::shared_ptr<const FilterChain>> build_chain(const Config& config, const ChainParts& parts);

} // namespace postern
