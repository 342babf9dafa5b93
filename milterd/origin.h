// origin - whose mail a message is
//
// Decided by what a sender cannot forge: the address that Postfix sees, the
// name that Postfix has verified, the login, the listener. Never by an
// address in the mail.
// Config: [trust] networks, relays; [dkim] daemon_names.
#pragma once

#include "common/network_list.h"
#include "milterd/message.h"

#include <string>
#include <vector>

namespace postern {

struct OriginRules {
    NetworkList networks;
    NetworkList relays;
    std::vector<std::string> daemon_names;
};

Origin origin_of(const Message& message, const OriginRules& rules);

} // namespace postern
