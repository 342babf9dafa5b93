// filter - one idea of what a mail deserves
//
// The chain gives each mail a pass through every filter, in two halves so
// that slow things overlap: first everyone is told what arrived and starts
// (key lookups at the end of the header, the scan at the end of the message);
// then each is asked for its verdict, in the configured order, and may wait
// until the deadline.
//
//     begin -> header_complete -> body* -> message_complete -> verdict
//
// A filter object is shared by all threads; a pass belongs to one message,
// whose calls come one after another, though not always from one thread.
// The first refusal (reject) ends the asking; a filter whose verdict is not
// asked for just sees its pass destroyed, as when Postfix aborts the message.
// Failure: a filter that cannot decide says defer itself; an exception that
// leaves it is taken by the chain for defer. Internal mail is never refused:
// the chain sees to that, a filter gives the verdict that it would of any mail.
#pragma once

#include "common/clock.h"
#include "common/facts.h"
#include "milterd/auth_results.h"
#include "milterd/message.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// From best to worst: the worst of all verdicts is the message's.
enum class FilterAction { accept, quarantine, defer, discard, reject };

struct HeaderEdit {
    enum class Kind { insert, remove } kind{};
    std::string name;
    std::string value;          // insert: what follows "Name: ", folded with "\n" and a tab, without CR
    std::size_t occurrence = 0; // remove: the n-th field of this name, from 1
};

struct FilterVerdict {
    FilterAction action = FilterAction::accept;
    int code = 0;       // of the reply: 0 for the action's own (451, 550)
    std::string status; // RFC 3463 subject.detail, "7.1": the class digit is the code's
    std::string text;   // for the client; printable is made of it where it is written
    std::string reason; // one or two words for the decision record: "infected", "key unusable"
    std::vector<HeaderEdit> edits;
    bool log_recipients = false; // the decision is to have a log line for each recipient, too
};

// A domain that SPF or DKIM has looked at, for DMARC.
struct Identifier {
    enum class Method { spf, dkim } method{};
    enum class Outcome { pass, temperror, other } outcome{};
    std::string domain; // of the sender, or HELO for the null sender (spf); d= (dkim): A-labels in lower case
};

// What the filters learn of a mail and tell the ones after them.
struct Findings {
    std::vector<AuthResult> auth_results{}; // for the Authentication-Results header
    std::vector<Identifier> identifiers{};
};

class FilterPass {
public:
    virtual ~FilterPass() = default;
    virtual void header_complete(const Message&) {}
    virtual void body(std::span<const char>) {}
    virtual void message_complete(const Message&) {}
    virtual FilterVerdict verdict(const Message& message, Findings& findings, Deadline deadline) = 0;
};

class Filter {
public:
    virtual ~Filter() = default;
    virtual std::string_view name() const = 0; // a literal, as in the configuration and the log

    // At the end of the header's arrival; nullptr: nothing to say about this mail.
    virtual std::unique_ptr<FilterPass> begin(const Message& message) = 0;

    // For the status, the metrics and /readyz; from any thread.
    virtual FunctionState state() const { return {name()}; }
    virtual void add_facts(Facts&) const {} // more than that
};

} // namespace postern
