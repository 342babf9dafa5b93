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
// Failure: an exception of a check leaves answer(); the session closes the
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
    // `messages`, `counts` and `log` outlive this; a reload makes a new Policy on the same ones.
    // `known_checks`: names that a policy_context may have without being in the chain; literals.
    Policy(std::vector<ChainedCheck> checks, MessageStore& messages, PolicyCounts& counts, Log& log,
           PolicyContexts::Names known_checks = {});

    // Writes the reply as Postfix wants it; where it has to be waited for, by what is given.
    // `connection` is a number that no other connection has. `request` and `reply` outlive the wait.
    std::optional<asio::awaitable<void>> answer(const PolicyRequest& request, std::uint64_t connection,
                                                Deadline deadline, std::string& reply);

    // No more requests of the message with this `instance` are to come.
    void forget(std::string_view instance) { messages_.forget(instance); }

    // What it would answer, and why; changes nothing but caches.
    asio::awaitable<Explanation> explain(PolicyRequest request, Deadline deadline);

    std::vector<FunctionState> states() const; // of the checks, in their order

private:
    struct Step {
        std::unique_ptr<Check> check;
        std::string_view field; // the name of its field in the record
        bool observe;
        CheckCounts* counts;
        PolicyContexts::Selection bit; // in what a place of main.cf asks for
    };
    class Decision;
    struct Run;

    void answer_later_state(const PolicyRequest& request, std::uint64_t connection, std::string& reply);
    std::optional<asio::awaitable<Verdict>> ask_on(Run& run);
    asio::awaitable<void> wait(Run run, asio::awaitable<Verdict> verdict);
    void take(Run& run, Verdict verdict);
    void conclude(Run& run);
    void record(const Decision& decision, const PolicyRequest& request, std::chrono::nanoseconds time);

    std::vector<Step> steps_;
    PolicyContexts contexts_;
    MessageStore& messages_;
    PolicyCounts& counts_;
    Log& log_;
    LogRecord line_;  // the decision record in the making
    LogRecord spare_; // the same of its part on the checks, while none is
};

} // namespace postern
