// filter_chain - every filter's verdict on one mail, and the decision that follows
//
// The filters are asked in the configured order (filter.h tells how a pass
// goes). The worst verdict is the decision, the first of equals; header edits
// of all filters go with a mail that is accepted or quarantined.
//
// A filter set to observe decides and is logged like any other; then its
// verdict counts as accept, and its edits and what it would write into
// Authentication-Results are dropped; the identifiers that it found are not.
//
// Of a mail that is observed (session.h) the decision is recorded as what would
// have become of it: action=accept would=reject. Session sees to the rest.
//
// Internal mail (message.h) is never rejected: it is quarantined instead. What
// would be deferred waits as it is, for pickup(8) tries again; but Postfix's
// own notices are accepted then, or the original of a bounce would stay
// behind for ever.
//
// Failure: an exception that leaves a filter makes its verdict defer; the
// others are still asked.
// Log: one line a message, event=message: who, from, to, action, reason, and
// for each filter its verdict, its reason and the time it took. If a filter
// wants that, one more for each recipient that is kept, event=recipient. A
// filter's exception is an error of its own, event=filter_fault.
#pragma once

#include "common/log.h"
#include "milterd/filter.h"
#include "milterd/filter_counts.h"
#include "milterd/origin.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

std::string_view filter_action_name(FilterAction action); // "accept", ..., as in the log and the configuration

struct ChainedFilter {
    std::unique_ptr<Filter> filter;
    bool observe = false;
};

// What the chain made of a mail, for who wants to explain it.
struct JudgedFilter {
    std::string_view name;
    FilterAction action{};
    std::string reason{};
    bool is_observed = false;
    std::chrono::microseconds took{};
};
struct JudgedMessage {
    std::string_view origin{};     // stranger, relay, ours, internal
    std::string_view decided_by{}; // empty: all accepted
    std::vector<JudgedFilter> filters{}; // those that had something to say
};

struct ChainSettings {
    std::chrono::milliseconds deadline{}; // the longest that a mail may wait from its end to its decision
    OriginRules origins{};
    std::shared_ptr<FilterCounts> counts{}; // none: nobody counts
    std::function<void(const JudgedMessage&)> watch{}; // none: nobody watches
};

// What becomes of a mail.
struct Decision {
    FilterAction action = FilterAction::accept;
    std::string_view filter; // whose verdict it is; empty: all accepted
    int code = 0; // as in FilterVerdict
    std::string status;
    std::string text;
    std::string reason;
    std::vector<HeaderEdit> edits; // none unless it is accepted or quarantined
};

class FilterChain {
public:
    FilterChain(std::vector<ChainedFilter> filters, ChainSettings settings, Log& log);

    std::vector<FunctionState> states() const; // of the filters, in their order
    void add_facts(Facts& facts) const;        // what else they know of themselves
    const OriginRules& origins() const { return settings_.origins; }

private:
    friend class ChainPass;

    std::vector<ChainedFilter> filters_;
    ChainSettings settings_;
    Log& log_;
};

// One message's way through the chain, which it keeps alive: a reload may swap the chain meanwhile.
class ChainPass {
public:
    // At the end of the header. Says whose mail it is. `message` must outlive the pass. `is_observed`: whatever
    // is decided, the mail will be accepted as it is.
    ChainPass(std::shared_ptr<const FilterChain> chain, Message& message, bool is_observed = false);
    ~ChainPass();

    void body(std::span<const char> chunk);

    // At the end of the message: waits for the verdicts, writes the record.
    Decision finish();

private:
    struct Asked;

    template <class Step>
    void each(Step step);
    void fail(Asked& asked, std::string_view what);
    void ask(Asked& asked, Deadline deadline);
    Decision decide();
    bool is_observed(const Asked& asked) const;
    void count() const;
    void tell(const Decision& decision) const;
    void add_action(LogFields& fields, const Decision& decision) const;
    void record(const Decision& decision, std::chrono::microseconds took) const;
    void record_recipients(const Decision& decision) const;

    std::shared_ptr<const FilterChain> chain_;
    const Message& message_;
    bool is_observed_;
    Findings findings_;
    std::vector<AuthResult> observed_results_; // of filters that are observed: counted, and for no header
    std::vector<Asked> asked_;
};

} // namespace postern
