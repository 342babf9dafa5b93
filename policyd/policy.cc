#include "policyd/policy.h"

#include "common/text.h"
#include "policyd/policy_reply.h"

#include <chrono>

namespace postern {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::int64_t microseconds(SteadyClock::duration time)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

void add_if_any(LogFields& fields, std::string_view name, const std::string& value)
{
    if (!value.empty())
        fields.emplace_back(name, value);
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
    Decision(bool is_recorded, std::size_t checks)
        : is_recorded_(is_recorded)
    {
        if (is_recorded_)
            record_.reserve(checks);
    }

    // Takes the verdict of one check.
    void weigh(const Step& step, Verdict verdict, SteadyClock::duration time)
    {
        ++step.counts->verdicts[static_cast<std::size_t>(verdict.action)];
        step.counts->time += time;
        if (is_recorded_)
            record_.emplace_back(step.check->name(), describe(step, verdict, time));
        if (step.observe) {
            step.counts->observed += verdict.weight() != Weight::none;
            return;
        }
        if (verdict.weight() > heaviest_.weight()) {
            heaviest_ = std::move(verdict);
            decided_by_ = step.check->name();
        }
    }

    bool is_final() const { return heaviest_.weight() == Weight::final; }
    Verdict& verdict() { return heaviest_; }

    LogFields log_fields(const PolicyRequest& request, SteadyClock::duration time) &&
    {
        LogFields fields;
        fields.reserve(record_.size() + 16);
        const bool has_header = heaviest_.action == Action::dunno && !heaviest_.header.empty();
        fields.emplace_back("action", has_header ? std::string_view("prepend") : action_name(heaviest_.action));
        if (!decided_by_.empty())
            fields.emplace_back("check", decided_by_);
        add_if_any(fields, "reason", heaviest_.reason);
        add_if_any(fields, "text", heaviest_.text);
        add_if_any(fields, "instance", request.instance);
        add_if_any(fields, "queue_id", request.queue_id);
        fields.emplace_back("client", request.client_address);
        add_if_any(fields, "client_name", request.client_name);
        add_if_any(fields, "helo", request.helo_name);
        fields.emplace_back("sender", request.sender);
        fields.emplace_back("recipient", request.recipient);
        add_if_any(fields, "sasl_username", request.sasl_username);
        for (auto& field : record_)
            fields.push_back(std::move(field));
        fields.emplace_back("us", microseconds(time));
        return fields;
    }

private:
    // "reject fail 85us"; "would-reject fail 85us" of a check that is observed
    static std::string describe(const Step& step, const Verdict& verdict, SteadyClock::duration time)
    {
        const bool is_held_back = step.observe && verdict.weight() != Weight::none;
        return concat({is_held_back ? "would-" : "", action_name(verdict.action), verdict.reason.empty() ? "" : " ",
                       verdict.reason, " ", std::to_string(microseconds(time)), "us"});
    }

    bool is_recorded_;
    Verdict heaviest_;
    std::string_view decided_by_; // empty: no check had anything to say
    LogFields record_;
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
        steps_.push_back({std::move(chained.check), chained.observe, &check_counts, bit});
    }
}

asio::awaitable<std::string> Policy::answer(const PolicyRequest& request, std::uint64_t connection, Deadline deadline)
{
    ++counts_.requests;
    if (request.protocol_state != "RCPT")
        co_return answer_later_state(request, connection);

    const auto start = SteadyClock::now();
    const auto message = messages_.at(request.instance, start);
    Decision decision(log_.wants(LogLevel::info), steps_.size());

    const auto asked = contexts_.checks_for(request.policy_context);
    auto step_start = start;
    for (const auto& step : steps_) {
        if (!(asked & step.bit))
            continue;
        auto verdict = co_await step.check->check(request, *message, deadline);
        if (!step.observe && !verdict.header.empty())
            message->contribute(std::exchange(verdict.header, {}));
        const auto step_end = SteadyClock::now();
        decision.weigh(step, std::move(verdict), step_end - step_start);
        step_start = step_end;
        if (decision.is_final())
            break;
    }

    auto reply = conclude(decision, *message, request, connection);
    if (log_.wants(LogLevel::info))
        log_.write(LogLevel::info, "decision", std::move(decision).log_fields(request, step_start - start));
    co_return reply;
}

std::string Policy::conclude(Decision& decision, PolicyMessage& message, const PolicyRequest& request,
                             std::uint64_t connection)
{
    auto& verdict = decision.verdict();
    if (verdict.action == Action::dunno) {
        verdict.header = message.take_header(request, connection);
        counts_.headers += !verdict.header.empty();
    }
    ++counts_.answers[static_cast<std::size_t>(verdict.action)];
    return policy_reply(verdict);
}

// A header that no recipient's answer could take along goes out at DATA.
std::string Policy::answer_later_state(const PolicyRequest& request, std::uint64_t connection)
{
    Verdict verdict;
    if (request.protocol_state == "DATA") {
        if (const auto message = messages_.find(request.instance, SteadyClock::now()))
            verdict.header = message->take_header(request, connection);
        if (verdict.header.empty())
            messages_.forget(request.instance); // no more will be asked of it
    }
    counts_.headers += !verdict.header.empty();
    return policy_reply(verdict);
}

} // namespace postern
