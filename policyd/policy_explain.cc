// The chain as answer() runs it, but for a question on whose answer nobody acts: nothing is counted,
// logged or remembered, and the checks note how they decide.
#include "policyd/policy.h"
#include "policyd/policy_reply.h"

#include <utility>

namespace postern {

asio::awaitable<Explanation> Policy::explain(PolicyRequest request, Deadline deadline)
{
    using SteadyClock = std::chrono::steady_clock;
    Explanation explanation;
    PolicyMessage message;
    Verdict heaviest;
    const auto asked = contexts_.checks_for(request.policy_context);
    const bool is_observed = (asked & PolicyContexts::observed) != 0;
    for (const auto& step : steps_) {
        CheckExplanation part{.check = step.check->name(), .is_observed = step.observe || is_observed};
        if (!(asked & step.bit)) {
            part.not_asked = "policy_context names others";
        } else if (heaviest.weight() == Weight::final) {
            part.not_asked = "the answer is certain";
        } else {
            request.notes = &part.notes;
            const auto start = SteadyClock::now();
            part.verdict = co_await step.check->check(request, message, deadline);
            part.time = SteadyClock::now() - start;
            if (!step.observe && !part.verdict.header.empty())
                message.contribute(part.verdict.header);
            if (!step.observe && part.verdict.weight() > heaviest.weight()) {
                heaviest = part.verdict;
                explanation.decided_by = part.check;
            }
        }
        explanation.checks.push_back(std::move(part));
    }
    const auto header = heaviest.action == Action::dunno ? message.take_header(request, 0) : std::string_view();
    explanation.reply = is_observed ? policy_reply({}) : policy_reply(heaviest, header);
    co_return explanation;
}

} // namespace postern
