// facts - what a daemon knows of itself at one moment
//
// Collected by one function of the daemon, on its event loop, and written by
// two: write_status() here, for `postern status`, and write_metrics(), for
// Prometheus. Who has something to tell adds a line:
//
//     facts.line("spf_cache").counter("hits", hits, "...").gauge("entries", entries, "...");
//     facts.line("check", {{"check", "spf"}}).latency(times, "...");
//     facts.function({"greylist_store", FunctionState::Kind::down, trouble, "pass"});
//
//     status:   spf_cache hits=12 entries=3
//     metrics:  postern_spf_cache_hits_total 12
//               postern_spf_cache_entries 3
//
// A fact without a name of its own is named as its line is. Names and help
// texts are literals. A counter grows from the start on; what can become less
// is a gauge. Values of labels are few and ours: a zone that holds a key, an
// address or a domain that a client sends is none.
#pragma once

#include "common/latency_histogram.h"

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

struct Label {
    std::string_view name;
    std::string value;
};

struct Fact {
    enum class Kind {
        counter,
        gauge,
        word,    // one of several: of its values, the one that holds is 1
        info,    // labels only
        latency,
        text,    // not in the metrics
    };
    struct Value {
        std::vector<Label> labels; // none: the value is the fact's only one
        double number = 0;
    };

    Kind kind{};
    std::string_view name;
    std::string_view help;
    std::vector<Value> values{};
    LatencyHistogram latency{};
    std::string text{};
};

// One of the things a daemon does. As long as it is not ready, another thing becomes of mail.
struct FunctionState {
    enum class Kind { ready, warming, reloading, down };

    std::string_view name;      // a literal, as in the log
    Kind kind = Kind::ready;
    std::string reason{};       // why it is not ready, or ready with less than it should have: a clause
    std::string_view meanwhile{}; // what is done while it is not: "pass", "defer", "reject", "no score"
};

std::string_view state_name(FunctionState::Kind kind); // "ready"

class FactLine {
public:
    using Counts = std::vector<std::pair<std::string_view, std::uint64_t>>;

    FactLine(std::string_view name, std::vector<Label> subject);

    template <class Number>
    FactLine& counter(std::string_view name, Number value, std::string_view help)
    {
        return add(Fact::Kind::counter, name, static_cast<double>(value), help);
    }

    template <class Number>
    FactLine& gauge(std::string_view name, Number value, std::string_view help)
    {
        return add(Fact::Kind::gauge, name, static_cast<double>(value), help);
    }

    // One for each value of `label`; the status shows those that are not zero.
    FactLine& counters(std::string_view name, std::string_view label, const Counts& counts, std::string_view help);

    // Which of `words` it is.
    FactLine& word(std::string_view name, std::string_view value, const std::vector<std::string_view>& words,
                   std::string_view help);

    // What it is, as labels.
    FactLine& info(std::vector<Label> labels, std::string_view help);

    FactLine& latency(const LatencyHistogram& times, std::string_view help);

    // For people: any text, left out where it is empty.
    FactLine& text(std::string_view name, std::string value);

    std::string_view name() const { return name_; }
    const std::vector<Label>& subject() const { return subject_; }
    const std::vector<Fact>& facts() const { return facts_; }

private:
    FactLine& add(Fact::Kind kind, std::string_view name, double value, std::string_view help);

    std::string_view name_;
    std::vector<Label> subject_;
    std::vector<Fact> facts_;
};

class Facts {
public:
    // A line about `subject`, which no other line of that name has: `postern_check_...{check="spf"}`. The
    // reference stays good.
    FactLine& line(std::string_view name, std::initializer_list<Label> subject = {});

    void function(FunctionState state);

    const std::deque<FactLine>& lines() const { return lines_; }
    const std::vector<FunctionState>& functions() const { return functions_; }

private:
    std::deque<FactLine> lines_;
    std::vector<FunctionState> functions_;
};

// A line each: its name, its subject, and name=value of every fact.
std::string write_status(const Facts& facts);

// The functions, a line each: "greylist_store down: disk full (meanwhile: pass)".
struct Readiness {
    bool is_ready = true; // all of them
    std::string text;
};
Readiness readiness(const Facts& facts);

} // namespace postern
