// dkim_key_lookup - the key records of a mail's signatures, asked for all at once
//
// The resolver lives on an io_context of another thread; the questions are
// started there and the answers waited for here. Twelve dead servers and a
// good one cost one time limit, not thirteen.
// Failure: what is not there by the deadline is "ask again later". Answers
// that nobody waits for any more are dropped, but the resolver and the
// executor must outlive them.
#pragma once

#include "common/clock.h"
#include "common/dns/resolver.h"

#include <asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

namespace postern {

class DkimKeyLookup {
public:
    // Starts a question for each name; the resolver may spend until `limit` on them.
    DkimKeyLookup(Resolver& resolver, const asio::any_io_executor& executor, const std::vector<std::string>& names,
                  Deadline limit);

    // In the order of the names. Waits until all are there or the deadline has come.
    std::vector<DnsReply> wait(Deadline deadline);

private:
    struct Answers;

    std::shared_ptr<Answers> answers_;
};

} // namespace postern
