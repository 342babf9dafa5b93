// policy_places - where main.cf asks the policy daemon for some checks only
//
// An operator who asks for checks apart names them in a policy_context, at
// places of their own: restriction lists, restriction classes, -o options of
// master.cf. Such a place is the operator's and stays as it is.
// Pure. See: policyd/policy_context.h, which reads the names
#pragma once

#include "config/postconf.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// What follows check_policy_service, as its parts: "unix:postern/policy", "timeout=30s", "policy_context=spf".
struct PolicyService {
    std::string address;
    std::string context;       // its policy_context; empty: the whole chain
    bool has_default_action = false;
};

PolicyService parse_policy_service(std::string_view entry);

// The names of a policy_context; "dnsbl+spf" and "dnsbl, spf" have two.
std::vector<std::string_view> names_of_context(std::string_view context);

// The entries with a policy_context of all this Postfix does, of those that `is_ours` wants, each once; but not
// the one that `postern enable --observe` writes.
std::vector<std::string> entries_with_context(const PostfixConfig& postfix,
                                              const std::function<bool(const std::string& entry)>& is_ours);

} // namespace postern
