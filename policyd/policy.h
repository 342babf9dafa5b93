// policy - the checks in their order: one request, one answer
//
// Only protocol_state=RCPT is decided. The checks run in order; the heaviest
// verdict is the answer (see Weight), and a final one ends the chain. Headers
// that checks contribute go out where nothing refuses: one with this answer,
// the next with the next request of the same message, at DATA too. All other
// states are DUNNO; END-OF-MESSAGE is too late for a header.
// A check that is observed runs, is logged and counted, and changes nothing.
// Failure: an exception of a check leaves answer(); the session closes the
// connection.
// Log: one event=decision a recipient: action=, check= and reason= of the check
// that decided, who asked, and per check its verdict, reason and time:
//     event=decision action=reject check=spf reason=fail ... spf="reject fail 85us" us=97
#pragma once

#include "common/log.h"
#include "policyd/check.h"
#include "policyd/message_store.h"
#include "policyd/policy_counts.h"

#include <asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postern {

struct ChainedCheck {
    std::unique_ptr<Check> check;
    bool observe = false; // decide, log and count, but answer dunno
};

class Policy {
public:
    // `messages`, `counts` and `log` outlive this; a reload makes a new Policy on the same ones.
    Policy(std::vector<ChainedCheck> checks, MessageStore& messages, PolicyCounts& counts, Log& log);

    // The reply as Postfix wants it. `connection` is a number that no other connection has.
    // `request` outlives the call.
    asio::awaitable<std::string> answer(const PolicyRequest& request, std::uint64_t connection, Deadline deadline);

private:
    struct Step {
        std::unique_ptr<Check> check;
        bool observe;
        CheckCounts* counts;
    };
    class Decision;

    std::string answer_later_state(const PolicyRequest& request, std::uint64_t connection);
    std::string conclude(Decision& decision, PolicyMessage& message, const PolicyRequest& request,
                         std::uint64_t connection);

    std::vector<Step> steps_;
    MessageStore& messages_;
    PolicyCounts& counts_;
    Log& log_;
};

} // namespace postern
