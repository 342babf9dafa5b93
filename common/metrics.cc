#include "common/metrics.h"

#include "common/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace postern {
namespace {

struct Metric {
    std::string name;
    std::string_view type;
    std::string_view help;
    std::string samples{};
    std::set<std::string> subjects{}; // that it has samples of
};

std::string_view type_of(Fact::Kind kind)
{
    switch (kind) {
    case Fact::Kind::counter:
        return "counter";
    case Fact::Kind::latency:
        return "histogram";
    case Fact::Kind::gauge:
    case Fact::Kind::word:
    case Fact::Kind::info:
        return "gauge";
    case Fact::Kind::text:
        return {};
    }
    return {}; // unreachable: -Wswitch names a kind without a case
}

std::string metric_name(const FactLine& line, const Fact& fact)
{
    auto name = concat({line.name() == "process" ? "" : "postern_", line.name()});
    if (!fact.name.empty())
        name.append("_").append(fact.name);
    if (fact.kind == Fact::Kind::counter)
        name += "_total";
    return name;
}

// "{check="spf",verdict="reject"}", or nothing
std::string label_set(const FactLine& line, const std::vector<Label>& own)
{
    std::string text;
    const auto add = [&](const Label& label) {
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", label.name, escape_label(label.value));
    };
    for (const auto& label : line.subject())
        add(label);
    for (const auto& label : own)
        add(label);
    return text.empty() ? text : fmt::format("{{{}}}", text);
}

double seconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double>(time).count();
}

void write_histogram(Metric& metric, const FactLine& line, const LatencyHistogram& times)
{
    std::uint64_t so_far = 0;
    const auto bucket = [&](std::string limit) {
        metric.samples +=
            fmt::format("{}_bucket{} {}\n", metric.name, label_set(line, {{"le", std::move(limit)}}), so_far);
    };
    for (std::size_t i = 0; i < LatencyHistogram::finite_buckets; ++i) {
        so_far += times.in_bucket(i);
        bucket(fmt::format("{}", seconds(LatencyHistogram::limit(i))));
    }
    so_far += times.in_bucket(LatencyHistogram::finite_buckets);
    bucket("+Inf");
    const auto labels = label_set(line, {});
    metric.samples += fmt::format("{}_sum{} {}\n", metric.name, labels, seconds(times.sum()));
    metric.samples += fmt::format("{}_count{} {}\n", metric.name, labels, so_far);
}

void write_samples(Metric& metric, const FactLine& line, const Fact& fact)
{
    if (fact.kind == Fact::Kind::latency)
        return write_histogram(metric, line, fact.latency);
    for (const auto& value : fact.values)
        metric.samples += fmt::format("{}{} {}\n", metric.name, label_set(line, value.labels), value.number);
}

std::string escape_help(std::string_view help)
{
    std::string text;
    for (const char c : help)
        text += c == '\\' ? "\\\\" : c == '\n' ? "\\n" : std::string(1, c);
    return text;
}

} // namespace

std::string escape_label(std::string_view value)
{
    std::string text;
    for (const char c : value) {
        if (c == '\n')
            text += "\\n";
        else if (c == '\\' || c == '"')
            text.append("\\").append(1, c);
        else
            text += c >= 0x20 && c < 0x7f ? c : '?';
    }
    return text;
}

std::string write_metrics(const Facts& facts)
{
    std::vector<Metric> metrics; // in the order in which the facts name them
    const auto find = [&](const std::string& name) {
        return std::find_if(metrics.begin(), metrics.end(), [&](const Metric& metric) { return metric.name == name; });
    };
    for (const auto& line : facts.lines())
        for (const auto& fact : line.facts()) {
            if (fact.kind == Fact::Kind::text)
                continue;
            const auto name = metric_name(line, fact);
            auto metric = find(name);
            if (metric == metrics.end())
                metric = metrics.insert(metric, {name, type_of(fact.kind), fact.help});
            if (metric->subjects.insert(label_set(line, {})).second)
                write_samples(*metric, line, fact);
        }

    std::string text;
    for (const auto& metric : metrics)
        if (!metric.samples.empty())
            text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{3}", metric.name, escape_help(metric.help),
                                metric.type, metric.samples);
    return text;
}

} // namespace postern
