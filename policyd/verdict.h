// verdict - what a check says, whole
//
// A verdict carries its whole reply, so any action of access(5) can be said
// but one: there is no way to say OK here, which would skip the operator's
// restrictions that follow ours in main.cf.
#pragma once

#include <string>
#include <string_view>

namespace postern {

enum class Action { dunno, reject, defer, defer_if_permit, defer_if_reject, hold, discard, filter, redirect, bcc, warn };

// The word of access(5) in lower case, for a log: "defer_if_permit".
std::string_view action_name(Action action);

// How much a verdict weighs beside those of other checks; the heaviest is the answer.
enum class Weight {
    none,      // dunno
    remark,    // something is done with the message, and other restrictions go on: hold, filter, redirect, bcc, warn
    temporary, // refused for now: a permanent refusal by a later check is worth more
    final,     // refused for good, or discarded: no other check is asked
};

struct Verdict {
    Action action = Action::dunno;
    int code = 0;       // 4NN or 5NN instead of the word, with reject and the defers; 0: the word itself
    std::string status{}; // RFC 3463 subject.detail, "7.23": policy_reply puts the class digit before it
    std::string text{};   // for the client, or the action's own argument

    std::string header{}; // a header field to add to the message, whatever the action: "Received-SPF: ..."
    std::string reason{}; // why, in a word or few, for the decision record: "fail", "early-retry (12s missing)"

    Weight weight() const;
    bool is_refusal() const { return weight() >= Weight::temporary && action != Action::discard; }
};

} // namespace postern
