#include "policyd/policy.h"

#include "common/text.h"
#include "policyd/policy_reply.h"

#include <iterator>
#include <utility>
#include <variant>

namespace postern {
namespace {

using SteadyClock = std::chrono::steady_clock;

void add_if_any(LogRecord& record, std::string_view name, std::string_view value)
{
    if (!value.empty())
        record.add(name, value);
}

PolicyContexts::Names names_of(const std::vector<ChainedCheck>& checks)
{
    PolicyContexts::Names names;
    for (const auto& chained : checks)
        names.push_back(chained.check->name());
    return names;
}

} // namespace

Policy::Policy(std::vector<ChainedCheck> checks, MessageStore& messages, PolicyCounts& counts, Log& log,
               PolicyContexts::Names known_checks)
    : contexts_(names_of(checks), std::move(known_checks),
                [&log](std::string_view context, std::string_view name) {
                    log.warning("policy_context", {{"policy_context", context},
                                                   {"problem", concat({"no check is called ", name})},
                                                   {"asked", "the whole chain"}});
                })
    , messages_(messages)
    , counts_(counts)
    , log_(log)
{
    for (auto& chained : checks) {
        auto& check_counts = counts_.checks[std::string(chained.check->name())];
        const auto bit = PolicyContexts::Selection{1} << steps_.size();
        const auto name = chained.check->name();
        const auto field = name == "recipient" ? std::string_view("recipient_check") : name;
        steps_.push_back({std::move(chained.check), field, chained.observe, &check_counts, bit});
    }
}

std::vector<FunctionState> Policy::states() const
{
    std::vector<FunctionState> states;
    for (const auto& step : steps_)
        states.push_back(step.check->state());
    return states;
}

void Policy::begin(PolicyRun& run, const PolicyRequest& request, std::uint64_t connection, Time now,
                   Deadline deadline, std::string& reply)
{
    ++counts_.requests;
    request.ahead = {};
    run.request_ = &request;
    run.connection_ = connection;
    run.deadline_ = deadline;
    run.reply_ = &reply;
    run.is_done_ = false;
    if (request.protocol_state != "RCPT")
        return answer_later_state(run, now);
    run.asked_ = contexts_.checks_for(request.policy_context);
    run.ahead_ = 0;
    run.step_ = 0;
    run.time_ = {};
    const bool is_observed = (run.asked_ & PolicyContexts::observed) != 0;
    run.message_ = messages_.at(request.instance, now);
    if (is_observed)
        run.message_ = run.message_->for_observers();
    run.decision_.begin(log_.wants(LogLevel::info), is_observed);
}

bool Policy::look_ahead(PolicyRun& run)
{
    if (run.is_done_ || run.ahead_ == std::size(Check::all_ahead))
        return false;
    const auto what = Check::all_ahead[run.ahead_++];
    for (const auto& step : steps_)
        if (run.asked_ & step.bit)
            step.check->look_ahead(*run.request_, what);
    return true;
}

std::optional<asio::awaitable<void>> Policy::go_on(PolicyRun& run)
{
    if (run.is_done_)
        return std::nullopt;
    const auto* const step = next_step(run);
    if (!step) {
        conclude(run);
        return std::nullopt;
    }
    run.step_start_ = SteadyClock::now();
    auto soon = step->check->ask(*run.request_, *run.message_, run.deadline_);
    if (auto* const later = std::get_if<asio::awaitable<Verdict>>(&soon))
        return wait(run, std::move(*later));
    take(run, std::get<Verdict>(std::move(soon)));
    return std::nullopt;
}

// nullptr: no check is left that could change the answer.
const PolicyStep* Policy::next_step(PolicyRun& run) const
{
    if (run.decision_.is_final())
        return nullptr;
    while (run.step_ < steps_.size() && !(run.asked_ & steps_[run.step_].bit))
        ++run.step_;
    return run.step_ < steps_.size() ? &steps_[run.step_] : nullptr;
}

asio::awaitable<void> Policy::wait(PolicyRun& run, asio::awaitable<Verdict> verdict)
{
    auto got = co_await std::move(verdict);
    take(run, std::move(got));
    while (!run.is_done_)
        if (auto later = go_on(run))
            co_await std::move(*later);
}

// The verdict of the check at hand.
void Policy::take(PolicyRun& run, Verdict verdict)
{
    const auto& step = steps_[run.step_++];
    if (!step.observe && !run.decision_.is_observed() && !verdict.header.empty())
        run.message_->contribute(std::exchange(verdict.header, {}));
    const auto time = SteadyClock::now() - run.step_start_;
    run.time_ += time;
    run.decision_.weigh(step, std::move(verdict), time);
}

void Policy::conclude(PolicyRun& run)
{
    auto& decision = run.decision_;
    const auto& verdict = decision.verdict();
    if (decision.is_observed()) {
        ++counts_.answers[static_cast<std::size_t>(Action::dunno)];
        write_policy_reply({}, {}, *run.reply_);
    } else {
        std::string_view header;
        if (verdict.action == Action::dunno)
            header = run.message_->take_header(*run.request_, run.connection_);
        decision.has_header = !header.empty();
        counts_.headers += decision.has_header;
        ++counts_.answers[static_cast<std::size_t>(verdict.action)];
        write_policy_reply(verdict, header, *run.reply_);
    }
    counts_.time.add(run.time_);
    if (decision.is_recorded())
        record(run);
    run.message_.reset();
    run.is_done_ = true;
}

void Policy::record(const PolicyRun& run)
{
    const auto& decision = run.decision_;
    const auto& request = *run.request_;
    const auto& verdict = decision.verdict();
    line_.clear();
    line_.add("action", decision.is_observed() ? action_name(Action::dunno)
                        : decision.has_header  ? "prepend"
                                               : action_name(verdict.action));
    if (decision.is_observed())
        line_.add("would", action_name(verdict.action));
    add_if_any(line_, "check", decision.decided_by());
    add_if_any(line_, "reason", verdict.reason);
    add_if_any(line_, "text", verdict.text);
    add_if_any(line_, "instance", request.instance);
    add_if_any(line_, "queue_id", request.queue_id);
    line_.add("client", request.client_address);
    add_if_any(line_, "client_name", request.client_name);
    add_if_any(line_, "helo", request.helo_name);
    line_.add("sender", request.sender);
    line_.add("recipient", request.recipient);
    add_if_any(line_, "sasl_username", request.sasl_username);
    line_.add_all(decision.checks());
    line_.add("us", std::chrono::duration_cast<std::chrono::microseconds>(run.time_).count());
    log_.write(LogLevel::info, "decision", line_);
}

// A header that no recipient's answer could take along goes out at DATA.
void Policy::answer_later_state(PolicyRun& run, Time now)
{
    const auto& request = *run.request_;
    std::shared_ptr<PolicyMessage> message;
    std::string_view header;
    if (request.protocol_state == "DATA") {
        message = messages_.find(request.instance, now);
        if (message)
            header = message->take_header(request, run.connection_);
        if (header.empty())
            messages_.forget(request.instance); // no more will be asked of it
    }
    counts_.headers += !header.empty();
    write_policy_reply({}, header, *run.reply_);
    run.is_done_ = true;
}

} // namespace postern
