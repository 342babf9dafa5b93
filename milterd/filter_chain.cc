#include "milterd/filter_chain.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace postern {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t recipients_shown = 3;

std::chrono::microseconds since(SteadyClock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start);
}

std::string_view origin_name(const Message& message)
{
    if (message.is_internal)
        return "internal";
    switch (message.origin) {
    case Origin::stranger:
        return "stranger";
    case Origin::relay:
        return "relay";
    case Origin::ours:
        return "ours";
    case Origin::returned:
        return "returned";
    }
    return "";
}

std::string first_recipients(const Message& message)
{
    std::string text;
    for (std::size_t i = 0; i < std::min(recipients_shown, message.recipients.size()); ++i)
        text.append(i ? "," : "").append(message.recipients[i].text());
    return text;
}

void add_if_any(LogFields& fields, std::string_view name, const std::string& value)
{
    if (!value.empty())
        fields.emplace_back(name, value);
}

// "reject infected 85us"; "would-reject infected 85us" of a filter that observes
std::string describe(const FilterVerdict& verdict, bool observe, std::chrono::microseconds took)
{
    const bool is_held_back = observe && verdict.action != FilterAction::accept;
    return fmt::format("{}{} {}{}{}us", is_held_back ? "would-" : "", filter_action_name(verdict.action),
                       verdict.reason, verdict.reason.empty() ? "" : " ", took.count());
}

// The best that can be done where a refusal would harm.
FilterAction without_refusal(FilterAction action, bool is_notice)
{
    switch (action) {
    case FilterAction::reject:
        return FilterAction::quarantine;
    case FilterAction::defer:
        return is_notice ? FilterAction::accept : FilterAction::defer;
    case FilterAction::accept:
    case FilterAction::quarantine:
    case FilterAction::discard:
        return action;
    }
    return action;
}

} // namespace

std::string_view filter_action_name(FilterAction action)
{
    switch (action) {
    case FilterAction::accept:
        return "accept";
    case FilterAction::quarantine:
        return "quarantine";
    case FilterAction::defer:
        return "defer";
    case FilterAction::discard:
        return "discard";
    case FilterAction::reject:
        return "reject";
    }
    return "";
}

FilterChain::FilterChain(std::vector<ChainedFilter> filters, ChainSettings settings, Log& log)
    : filters_(std::move(filters))
    , settings_(std::move(settings))
    , log_(log)
{
}

std::vector<FunctionState> FilterChain::states() const
{
    std::vector<FunctionState> states;
    for (const auto& chained : filters_)
        states.push_back(chained.filter->state());
    return states;
}

void FilterChain::add_facts(Facts& facts) const
{
    for (const auto& chained : filters_)
        chained.filter->add_facts(facts);
}

struct ChainPass::Asked {
    const ChainedFilter* filter;
    std::unique_ptr<FilterPass> pass{}; // none: it has nothing to say, or failed
    std::optional<FilterVerdict> verdict{};
    bool is_faulty = false;
    std::chrono::microseconds took{};
};

ChainPass::ChainPass(std::shared_ptr<const FilterChain> chain, Message& message, bool is_observed)
    : chain_(std::move(chain))
    , message_(message)
    , is_observed_(is_observed)
{
    message.origin = origin_of(message, chain_->settings_.origins);
    asked_.reserve(chain_->filters_.size());
    for (const auto& filter : chain_->filters_)
        asked_.push_back({&filter});
    each([&](Asked& asked) {
        asked.pass = asked.filter->filter->begin(message_);
        if (asked.pass)
            asked.pass->header_complete(message_);
    });
}

ChainPass::~ChainPass() = default;

// Runs one step of every filter that is still in the race, timed; who throws is out, with defer.
template <class Step>
void ChainPass::each(Step step)
{
    for (auto& asked : asked_) {
        if (asked.verdict)
            continue;
        const auto start = SteadyClock::now();
        try {
            step(asked);
        } catch (const std::exception& error) {
            fail(asked, error.what());
        } catch (...) {
            fail(asked, "unknown exception");
        }
        asked.took += since(start);
    }
}

void ChainPass::fail(Asked& asked, std::string_view what)
{
    asked.pass.reset();
    asked.is_faulty = true;
    asked.verdict = FilterVerdict{FilterAction::defer, 0, "3.0", "Internal fault, try again later", "fault", {}};
    chain_->log_.error("filter_fault",
                       {{"filter", asked.filter->filter->name()}, {"queue_id", message_.queue_id}, {"what", what}});
}

void ChainPass::body(std::span<const char> chunk)
{
    each([&](Asked& asked) {
        if (asked.pass)
            asked.pass->body(chunk);
    });
}

Decision ChainPass::finish()
{
    const auto start = SteadyClock::now();
    const Deadline deadline = start + chain_->settings_.deadline;
    each([&](Asked& asked) {
        if (asked.pass)
            asked.pass->message_complete(message_);
    });

    bool is_refused = false;
    each([&](Asked& asked) {
        if (asked.pass && !is_refused) {
            ask(asked, deadline);
            is_refused = asked.verdict->action == FilterAction::reject && !asked.filter->observe;
        }
    });
    auto decision = decide();
    count();
    tell(decision);
    record(decision, since(start));
    return decision;
}

void ChainPass::ask(Asked& asked, Deadline deadline)
{
    if (!asked.filter->observe) {
        asked.verdict = asked.pass->verdict(message_, findings_, deadline);
        return;
    }
    auto findings = findings_; // it sees what the others found; what it finds is for no header
    asked.verdict = asked.pass->verdict(message_, findings, deadline);
    const auto known = static_cast<std::ptrdiff_t>(findings_.auth_results.size());
    std::move(findings.auth_results.begin() + known, findings.auth_results.end(), std::back_inserter(observed_results_));
    findings_.identifiers = std::move(findings.identifiers);
}

Decision ChainPass::decide()
{
    Decision decision;
    for (auto& asked : asked_) {
        if (!asked.verdict || asked.filter->observe)
            continue;
        auto& verdict = *asked.verdict;
        std::move(verdict.edits.begin(), verdict.edits.end(), std::back_inserter(decision.edits));
        if (verdict.action > decision.action) {
            decision.action = verdict.action;
            decision.filter = asked.filter->filter->name();
            decision.code = verdict.code;
            decision.status = verdict.status;
            decision.text = verdict.text;
            decision.reason = verdict.reason;
        }
    }
    if (message_.is_internal)
        decision.action = without_refusal(decision.action, message_.is_notice);
    if (decision.action != FilterAction::accept && decision.action != FilterAction::quarantine)
        decision.edits.clear();
    return decision;
}

bool ChainPass::is_observed(const Asked& asked) const
{
    return asked.filter->observe || is_observed_;
}

void ChainPass::count() const
{
    if (!chain_->settings_.counts)
        return;
    std::vector<FilterCounts::Verdict> verdicts;
    for (const auto& asked : asked_)
        if (asked.verdict)
            verdicts.push_back({asked.filter->filter->name(), asked.verdict->action, is_observed(asked),
                                asked.is_faulty, asked.took});
    chain_->settings_.counts->add(verdicts, findings_.auth_results);
    chain_->settings_.counts->add({}, observed_results_);
}

void ChainPass::tell(const Decision& decision) const
{
    if (!chain_->settings_.watch)
        return;
    JudgedMessage judged{origin_name(message_), decision.filter, {}};
    for (const auto& asked : asked_)
        if (asked.verdict)
            judged.filters.push_back({asked.filter->filter->name(), asked.verdict->action, asked.verdict->reason,
                                      asked.filter->observe, asked.took});
    chain_->settings_.watch(judged);
}

void ChainPass::add_action(LogFields& fields, const Decision& decision) const
{
    const auto action = filter_action_name(decision.action);
    fields.emplace_back("action", is_observed_ ? filter_action_name(FilterAction::accept) : action);
    if (is_observed_)
        fields.emplace_back("would", action);
}

void ChainPass::record(const Decision& decision, std::chrono::microseconds took) const
{
    if (!chain_->log_.wants(LogLevel::info))
        return;
    LogFields fields = {{"queue_id", message_.queue_id}};
    add_action(fields, decision);
    if (!decision.filter.empty())
        fields.emplace_back("filter", decision.filter);
    add_if_any(fields, "reason", decision.reason);
    add_if_any(fields, "text", decision.text);
    fields.emplace_back("client", message_.client ? message_.client->text() : std::string());
    add_if_any(fields, "client_name", message_.client_name);
    add_if_any(fields, "helo", message_.helo);
    add_if_any(fields, "login", message_.login);
    fields.emplace_back("origin", origin_name(message_));
    fields.emplace_back("sender", message_.sender.text());
    fields.emplace_back("recipients", message_.recipient_count);
    fields.emplace_back("to", first_recipients(message_));
    fields.emplace_back("size", message_.body_size);
    for (const auto& asked : asked_)
        if (asked.verdict)
            fields.emplace_back(asked.filter->filter->name(),
                                describe(*asked.verdict, is_observed(asked), asked.took));
    fields.emplace_back("us", took.count());
    chain_->log_.write(LogLevel::info, "message", pack(fields));
    if (std::any_of(asked_.begin(), asked_.end(),
                    [](const Asked& asked) { return asked.verdict && asked.verdict->log_recipients; }))
        record_recipients(decision);
}

void ChainPass::record_recipients(const Decision& decision) const
{
    for (const auto& recipient : message_.recipients) {
        LogFields fields = {{"queue_id", message_.queue_id}, {"recipient", recipient.text()}};
        add_action(fields, decision);
        fields.emplace_back("sender", message_.sender.text());
        for (const auto& asked : asked_)
            if (asked.verdict && asked.verdict->log_recipients)
                fields.emplace_back(asked.filter->filter->name(), asked.verdict->reason);
        chain_->log_.write(LogLevel::info, "recipient", pack(fields));
    }
}

} // namespace postern
