#include "common/facts.h"

#include "common/text.h"

#include <fmt/format.h>

namespace postern {
namespace {

const std::vector<std::string_view> state_names{"ready", "warming", "reloading", "down"};

std::string value_for_people(std::string_view value)
{
    auto text = printable(value);
    for (auto& c : text)
        if (c == '"')
            c = '\'';
    return text.find(' ') == std::string::npos ? text : fmt::format("\"{}\"", text);
}

std::string named(std::string_view name, std::string_view value)
{
    return name.empty() ? fmt::format(" {}", value) : fmt::format(" {}={}", name, value);
}

std::int64_t microseconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

// Each value with the name that its one label has for it.
std::string by_label(const Fact& fact)
{
    std::string text;
    for (const auto& value : fact.values)
        if (value.number != 0)
            text += fmt::format(" {}={}", value.labels.front().value, value.number);
    return text;
}

std::string fact_for_people(const Fact& fact)
{
    std::string text;
    switch (fact.kind) {
    case Fact::Kind::counter:
    case Fact::Kind::gauge:
        if (!fact.values.empty() && fact.values.front().labels.empty())
            return named(fact.name, fmt::format("{}", fact.values.front().number));
        return by_label(fact);
    case Fact::Kind::word:
        for (const auto& value : fact.values)
            if (value.number != 0)
                text = named(fact.name, value.labels.front().value);
        return text;
    case Fact::Kind::info:
        for (const auto& label : fact.values.front().labels)
            text += named(label.name, value_for_people(label.value));
        return text;
    case Fact::Kind::latency:
        return fmt::format(" mean_us={} p50_us={} p99_us={}", microseconds(fact.latency.mean()),
                           fact.latency.at_most(0.5).count(), fact.latency.at_most(0.99).count());
    case Fact::Kind::text:
        return named(fact.name, value_for_people(fact.text));
    }
    return text; // unreachable: -Wswitch names a kind without a case
}

} // namespace

std::string_view state_name(FunctionState::Kind kind)
{
    return state_names[static_cast<std::size_t>(kind)];
}

FactLine::FactLine(std::string_view name, std::vector<Label> subject)
    : name_(name)
    , subject_(std::move(subject))
{
}

FactLine& FactLine::add(Fact::Kind kind, std::string_view name, double value, std::string_view help)
{
    facts_.push_back({kind, name, help, {{{}, value}}});
    return *this;
}

FactLine& FactLine::counters(std::string_view name, std::string_view label, const Counts& counts, std::string_view help)
{
    Fact fact{Fact::Kind::counter, name, help};
    for (const auto& [value, count] : counts)
        fact.values.push_back({{{label, std::string(value)}}, static_cast<double>(count)});
    facts_.push_back(std::move(fact));
    return *this;
}

FactLine& FactLine::word(std::string_view name, std::string_view value, const std::vector<std::string_view>& words,
                         std::string_view help)
{
    Fact fact{Fact::Kind::word, name, help};
    for (const auto word : words)
        fact.values.push_back({{{name, std::string(word)}}, word == value ? 1.0 : 0.0});
    facts_.push_back(std::move(fact));
    return *this;
}

FactLine& FactLine::info(std::vector<Label> labels, std::string_view help)
{
    facts_.push_back({Fact::Kind::info, "info", help, {{std::move(labels), 1}}});
    return *this;
}

FactLine& FactLine::latency(const LatencyHistogram& times, std::string_view help)
{
    facts_.push_back({Fact::Kind::latency, "duration_seconds", help, {}, times});
    return *this;
}

FactLine& FactLine::text(std::string_view name, std::string value)
{
    if (!value.empty())
        facts_.push_back({Fact::Kind::text, name, "", {}, {}, std::move(value)});
    return *this;
}

FactLine& Facts::line(std::string_view name, std::initializer_list<Label> subject)
{
    return lines_.emplace_back(name, std::vector(subject));
}

void Facts::function(FunctionState state)
{
    line("function", {{"function", std::string(state.name)}})
        .word("state", state_name(state.kind), state_names, "The state of a function is 1, the others are 0.")
        .text("reason", state.reason)
        .text("meanwhile", std::string(state.kind == FunctionState::Kind::ready ? "" : state.meanwhile));
    functions_.push_back(std::move(state));
}

std::string write_status(const Facts& facts)
{
    std::string text;
    for (const auto& line : facts.lines()) {
        text += line.name();
        for (const auto& label : line.subject()) // what it is about needs no name
            text += named(&label == line.subject().data() ? "" : label.name, value_for_people(label.value));
        for (const auto& fact : line.facts())
            text += fact_for_people(fact);
        text += '\n';
    }
    return text;
}

Readiness readiness(const Facts& facts)
{
    Readiness result;
    for (const auto& function : facts.functions()) {
        result.text += fmt::format("{} {}", function.name, state_name(function.kind));
        const bool is_ready = function.kind == FunctionState::Kind::ready;
        result.is_ready = result.is_ready && is_ready;
        if (!function.reason.empty())
            result.text += ": " + printable(function.reason);
        if (!is_ready && !function.meanwhile.empty())
            result.text += fmt::format(" (meanwhile: {})", function.meanwhile);
        result.text += '\n';
    }
    return result;
}

} // namespace postern
