// verdict - what a check says, whole
//
// A verdict carries its whole reply, so any action of access(5) can be said
// but one: there is no way to say OK here, which would skip the operator's
// restrictions that follow ours in main.cf.
#pragma once

#include <string>

namespace postern {

enum class Action { dunno, reject, defer, defer_if_permit, defer_if_reject, hold, discard, filter, redirect, bcc, warn };

struct Verdict {
    Action action = Action::dunno;
    int code = 0;       // 4NN or 5NN instead of the word, with reject and the defers; 0: the word itself
    std::string status; // RFC 3463 subject.detail, "7.23": policy_reply puts the class digit before it
    std::string text;   // for the client, or the action's own argument

    std::string header; // a header field to add to the message, whatever the action: "Received-SPF: ..."
    std::string reason; // why, in a word or few, for the decision record: "fail", "early-retry (12s missing)"

    bool is_final() const { return action != Action::dunno && !is_temporary(); }
    bool is_temporary() const
    {
        return action == Action::defer || action == Action::defer_if_permit || action == Action::defer_if_reject
            || (code >= 400 && code < 500);
    }
};

} // namespace postern
