#include "policyd/policy.h"

#include "common/text.h"
#include "policyd/policy_reply.h"

#include <utility>

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
    // Takes a record from `spare`, and puts it back at the end. `is_observed`: the answer will be DUNNO.
    Decision(bool is_recorded, bool is_observed, std::vector<LogRecord>& spare)
        : is_recorded_(is_recorded)
        , is_observed_(is_observed)
        , spare_(spare)
    {
        if (is_recorded_ && !spare_.empty()) {
            checks_ = std::move(spare_.back());
            spare_.pop_back();
            checks_.clear();
        }
    }
    ~Decision()
    {
        if (is_recorded_)
            spare_.push_back(std::move(checks_));
    }
    Decision(const Decision&) = delete;
    Decision& operator=(const Decision&) = delete;

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
    std::vector<LogRecord>& spare_;
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

asio::awaitable<std::string> Policy::answer(const PolicyRequest& request, std::uint64_t connection, Deadline deadline)
{
    ++counts_.requests;
    if (request.protocol_state != "RCPT")
        co_return answer_later_state(request, connection);

    const auto start = SteadyClock::now();
    const auto message = messages_.at(request.instance, start);
    const auto asked = contexts_.checks_for(request.policy_context);
    const bool is_observed = (asked & PolicyContexts::observed) != 0;
    Decision decision(log_.wants(LogLevel::info), is_observed, records_);

    auto step_start = start;
    for (const auto& step : steps_) {
        if (!(asked & step.bit))
            continue;
        auto soon = step.check->ask(request, *message, deadline);
        if (auto* const later = std::get_if<asio::awaitable<Verdict>>(&soon)) {
            auto verdict = co_await std::move(*later);
            soon = std::move(verdict);
        }
        auto& verdict = std::get<Verdict>(soon);
        if (!step.observe && !is_observed && !verdict.header.empty())
            message->contribute(std::exchange(verdict.header, {}));
        const auto step_end = SteadyClock::now();
        decision.weigh(step, std::move(verdict), step_end - step_start);
        step_start = step_end;
        if (decision.is_final())
            break;
    }

    auto reply = conclude(decision, *message, request, connection);
    counts_.time.add(step_start - start);
    if (decision.is_recorded())
        record(decision, request, step_start - start);
    co_return reply;
}

std::string Policy::conclude(Decision& decision, PolicyMessage& message, const PolicyRequest& request,
                             std::uint64_t connection)
{
    if (decision.is_observed()) {
        ++counts_.answers[static_cast<std::size_t>(Action::dunno)];
        return policy_reply({}, {});
    }
    const auto& verdict = decision.verdict();
    const auto header = verdict.action == Action::dunno ? message.take_header(request, connection) : std::string_view();
    decision.has_header = !header.empty();
    counts_.headers += decision.has_header;
    ++counts_.answers[static_cast<std::size_t>(verdict.action)];
    return policy_reply(verdict, header);
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
std::string Policy::answer_later_state(const PolicyRequest& request, std::uint64_t connection)
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
    return policy_reply({}, header);
}

} // namespace postern
