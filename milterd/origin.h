// origin - whose mail a message is
//
// Decided by what a sender cannot forge: the address that Postfix sees, the
// name that Postfix has verified, the login, the listener, a macro of
// Postfix's. Never by an address in the mail. Mail that a content filter gives
// back comes from loopback and looks like ours: its listener tells it apart,
// and comes before all else.
// Config: [trust] networks, relays; [dkim] daemon_names, our_macros; [milterd]
// role, submission_clients, returning_daemon_names, ignored_clients
#pragma once

#include "common/network_list.h"
#include "milterd/message.h"

#include <string>
#include <vector>

namespace postern {

// {name} is there, or has one of these values
struct MacroRule {
    std::string name; // with its braces
    std::vector<std::string> values{}; // empty: any
};

// "{name}|value|value", as the table has checked it
MacroRule parse_macro_rule(std::string_view text);

struct OriginRules {
    NetworkList networks{};
    NetworkList relays{};
    std::vector<std::string> daemon_names{};
    std::vector<std::string> returning_daemon_names{};
    std::vector<MacroRule> macros{};
    bool takes_all = false;  // every client's mail is ours
    NetworkList ignored{};   // clients whose mail is not looked at
};

Origin origin_of(const Message& message, const OriginRules& rules);

} // namespace postern
