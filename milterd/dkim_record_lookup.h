// dkim_record_lookup - asks for a key's record, everybody who publishes it
//
// The configured resolver first, as a receiver would. Then the servers that
// the zone itself names: where an alias (CNAME) leads elsewhere, those of the
// zone at its end; the nearest name that has NS records is the zone. Each is
// asked at its own address, so that what a cache remembers does not matter.
// Failure: whoever does not answer in time is "ask again later" in its reply.
// See: dkim_record_check, which judges; RFC 1034 4.2
#pragma once

#include "common/clock.h"
#include "common/dns/resolver.h"
#include "common/ip_address.h"
#include "milterd/dkim_record_check.h"

#include <asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

namespace postern {

// A resolver that asks the server at that address and nobody else.
using AskServerAt = std::function<std::unique_ptr<Resolver>(const IpAddress& server)>;

struct RecordLookup {
    Resolver& resolver;
    AskServerAt server_at; // none: the zone's own servers are not asked
    std::chrono::milliseconds limit{5000}; // for each question
};

// `lookup` must outlive the awaitable.
asio::awaitable<DkimRecordReplies> look_up_dkim_record(const RecordLookup& lookup, std::string name);

} // namespace postern
