// policy - the checks in their order: one request, one answer
//
// Only protocol_state=RCPT is decided. The checks run in order; the heaviest
// verdict is the answer (see Weight), and a final one ends the chain. Headers
// that checks contribute go out where nothing refuses: one with this answer,
// the next with the next request of the same message, at DATA too. All other
// states are DUNNO; END-OF-MESSAGE is too late for a header.
// A place of main.cf that names checks (policy_context) is asked those alone.
// A check that is observed runs, is logged and counted, and changes nothing;
// so do all of them at a place that observes (policy_context.h): its answer is
// DUNNO, no other place sees what it found out, and the record says what the
// answer would have been:
//     event=decision action=dunno would=reject check=spf reason=fail ...
// Failure: an exception of a check leaves go_on(); the session closes the
// connection.
// Log: one event=decision a recipient: action=, check= and reason= of the check
// that decided, who asked, and per check its verdict, reason and time:
// (that of the check "recipient" is recipient_check, for there is a recipient= already)
//     event=decision action=reject check=spf reason=fail ... spf="reject fail 85us" us=97
// and event=policy_context once for a context that names no check of ours.
#pragma once

#include "common/log.h"
#include "policyd/check.h"
#include "policyd/explanation.h"
#include "policyd/message_store.h"
#include "policyd/policy_context.h"
#include "policyd/policy_counts.h"
#include "policyd/policy_run.h"

#include <asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern {

struct ChainedCheck {
    std::unique_ptr<Check> check;
    bool observe = false; // decide, log and count, but answer dunno
};

class Policy {
public:
    using Time = std::chrono::steady_clock::time_point;

    // `messages`, `counts` and `log` outlive this; a reload makes a new Policy on the same ones.
    // `known_checks`: names that a policy_context may have without being in the chain; literals.
    Policy(std::vector<ChainedCheck> checks, MessageStore& messages, PolicyCounts& counts, Log& log,
           PolicyContexts::Names known_checks = {});

    // One request begins its way: its checks are asked one at each go_on(), and after the last one the reply is written
    // as Postfix wants it. Who has many requests at hand takes them through each step together (socket_poll).
    // `connection` is a number that no other connection has. `request` and `reply` outlive the way.
    void begin(PolicyRun& run, const PolicyRequest& request, std::uint64_t connection, Time now, Deadline deadline,
               std::string& reply);

    // Instead of a step, for who has many requests at hand: what their checks will look up comes into the CPU's cache
    // meanwhile (check.h). False: there is no more to be done ahead.
    bool look_ahead(PolicyRun& run);

    // One step, unless the run is done. Where it has to be waited for: what is given does it and all that follow;
    // `run` outlives it.
    std::optional<asio::awaitable<void>> go_on(PolicyRun& run);

    // No more requests of the message with this `instance` are to come.
    void forget(std::string_view instance) { messages_.forget(instance); }

    // What it would answer, and why; changes nothing but caches.
    asio::awaitable<Explanation> explain(PolicyRequest request, Deadline deadline);

    std::vector<FunctionState> states() const; // of the checks, in their order

private:
    void answer_later_state(PolicyRun& run, Time now);
    const PolicyStep* next_step(PolicyRun& run) const;
    asio::awaitable<void> wait(PolicyRun& run, asio::awaitable<Verdict> verdict);
    void take(PolicyRun& run, Verdict verdict);
    void conclude(PolicyRun& run);
    void record(const PolicyRun& run);

    std::vector<PolicyStep> steps_;
    PolicyContexts contexts_;
    MessageStore& messages_;
    PolicyCounts& counts_;
    Log& log_;
    LogRecord line_; // the decision record in the making
};

} // namespace postern
