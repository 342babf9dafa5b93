#include "policyd/policy.h"

#include "common/text.h"
#include "policyd/policy_reply.h"

#include <utility>
#include <variant>

namespace postern {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::int64_t microseconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

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

// The answer as it takes shape, and the record of how it did.
class Policy::Decision {
public:
    // Has the memory of `spare`, and gives it back at the end. `is_observed`: the answer will be DUNNO.
    Decision(bool is_recorded, bool is_observed, LogRecord& spare)
        : is_recorded_(is_recorded)
        , is_observed_(is_observed)
        , spare_(&spare)
        , checks_(std::move(spare))
    {
        checks_.clear();
    }
    Decision(Decision&& other) noexcept // for a wait: others have the memory then
        : is_recorded_(other.is_recorded_)
        , is_observed_(other.is_observed_)
        , heaviest_(std::move(other.heaviest_))
        , decided_by_(other.decided_by_)
        , checks_(std::move(other.checks_))
    {
    }
    ~Decision()
    {
        if (spare_)
            *spare_ = std::move(checks_);
    }
    Decision& operator=(Decision&&) = delete;

    // Takes the verdict of one check.
    void weigh(const Step& step, Verdict&& verdict, std::chrono::nanoseconds time)
    {
        ++step.counts->verdicts[static_cast<std::size_t>(verdict.action)];
        step.counts->time.add(time);
        if (is_recorded_)
            record(step, verdict, time);
        step.counts->observed += is_held_back(step, verdict);
        if (step.observe)
            return;
        if (verdict.weight() > heaviest_.weight()) {
            heaviest_ = std::move(verdict);
            decided_by_ = step.check->name();
        }
    }

    bool is_recorded() const { return is_recorded_; }
    bool is_observed() const { return is_observed_; }
    bool is_final() const { return heaviest_.weight() == Weight::final; }
    const Verdict& verdict() const { return heaviest_; }
    std::string_view decided_by() const { return decided_by_; } // empty: no check had anything to say
    const LogRecord& checks() const { return checks_; }

    bool has_header = false; // goes out with the answer

private:
    bool is_held_back(const Step& step, const Verdict& verdict) const
    {
        return (step.observe || is_observed_) && verdict.weight() != Weight::none;
    }

    // "reject fail 85us"; "would-reject fail 85us" of a check that is observed
    void record(const Step& step, const Verdict& verdict, std::chrono::nanoseconds time)
    {
        checks_.add(step.field, {is_held_back(step, verdict) ? "would-" : "", action_name(verdict.action),
                                 verdict.reason.empty() ? "" : " ", verdict.reason, " ",
                                 Decimal(microseconds(time)), "us"});
    }

    bool is_recorded_;
    bool is_observed_;
    LogRecord* spare_ = nullptr;
    Verdict heaviest_;
    std::string_view decided_by_;
    LogRecord checks_;
};

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

// One request on its way through the chain.
struct Policy::Run {
    const PolicyRequest& request;
    std::uint64_t connection;
    Deadline deadline;
    std::string& reply;
    std::shared_ptr<PolicyMessage> message;
    PolicyContexts::Selection asked;
    SteadyClock::time_point start;
    SteadyClock::time_point step_start;
    Decision decision;
    std::size_t step = 0; // that is asked next; the one that is waited for
};

std::optional<asio::awaitable<void>> Policy::answer(const PolicyRequest& request, std::uint64_t connection,
                                                    Deadline deadline, std::string& reply)
{
    ++counts_.requests;
    if (request.protocol_state != "RCPT") {
        answer_later_state(request, connection, reply);
        return std::nullopt;
    }
    const auto start = SteadyClock::now();
    const auto asked = contexts_.checks_for(request.policy_context);
    const bool is_observed = (asked & PolicyContexts::observed) != 0;
    auto message = messages_.at(request.instance, start);
    if (is_observed)
        message = message->for_observers();
    Run run{request, connection, deadline, reply, std::move(message), asked, start, start,
            Decision(log_.wants(LogLevel::info), is_observed, spare_)};
    if (auto verdict = ask_on(run))
        return wait(std::move(run), std::move(*verdict));
    return std::nullopt;
}

// As far as memory decides: to a verdict that has to be waited for, or to the end.
std::optional<asio::awaitable<Verdict>> Policy::ask_on(Run& run)
{
    for (; run.step < steps_.size() && !run.decision.is_final(); ++run.step) {
        const auto& step = steps_[run.step];
        if (!(run.asked & step.bit))
            continue;
        auto soon = step.check->ask(run.request, *run.message, run.deadline);
        if (auto* const later = std::get_if<asio::awaitable<Verdict>>(&soon))
            return std::move(*later);
        take(run, std::get<Verdict>(std::move(soon)));
    }
    conclude(run);
    return std::nullopt;
}

asio::awaitable<void> Policy::wait(Run run, asio::awaitable<Verdict> verdict)
{
    std::optional<asio::awaitable<Verdict>> next(std::move(verdict));
    while (next) {
        auto got = co_await std::move(*next);
        take(run, std::move(got));
        ++run.step;
        next = ask_on(run);
    }
}

// The verdict of the check at hand.
void Policy::take(Run& run, Verdict verdict)
{
    const auto& step = steps_[run.step];
    if (!step.observe && !run.decision.is_observed() && !verdict.header.empty())
        run.message->contribute(std::exchange(verdict.header, {}));
    const auto now = SteadyClock::now();
    run.decision.weigh(step, std::move(verdict), now - run.step_start);
    run.step_start = now;
}

void Policy::conclude(Run& run)
{
    auto& decision = run.decision;
    const auto& verdict = decision.verdict();
    const auto time = run.step_start - run.start;
    if (decision.is_observed()) {
        ++counts_.answers[static_cast<std::size_t>(Action::dunno)];
        write_policy_reply({}, {}, run.reply);
    } else {
        std::string_view header;
        if (verdict.action == Action::dunno)
            header = run.message->take_header(run.request, run.connection);
        decision.has_header = !header.empty();
        counts_.headers += decision.has_header;
        ++counts_.answers[static_cast<std::size_t>(verdict.action)];
        write_policy_reply(verdict, header, run.reply);
    }
    counts_.time.add(time);
    if (decision.is_recorded())
        record(decision, run.request, time);
}

void Policy::record(const Decision& decision, const PolicyRequest& request, std::chrono::nanoseconds time)
{
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
    line_.add("us", microseconds(time));
    log_.write(LogLevel::info, "decision", line_);
}

// A header that no recipient's answer could take along goes out at DATA.
void Policy::answer_later_state(const PolicyRequest& request, std::uint64_t connection, std::string& reply)
{
    std::shared_ptr<PolicyMessage> message;
    std::string_view header;
    if (request.protocol_state == "DATA") {
        message = messages_.find(request.instance, SteadyClock::now());
        if (message)
            header = message->take_header(request, connection);
        if (header.empty())
            messages_.forget(request.instance); // no more will be asked of it
    }
    counts_.headers += !header.empty();
    write_policy_reply({}, header, reply);
}

} // namespace postern
