// explanation - what a request would be answered, and how that comes about
//
// For `postern explain`: each check of the chain with its verdict, its reason,
// its time and what it noted on the way, and the reply that Postfix would get.
// All text in it is made printable when it is written.
#pragma once

#include "common/result.h"
#include "policyd/policy_request.h"
#include "policyd/verdict.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct CheckExplanation {
    std::string_view check;
    std::string_view not_asked{}; // why; empty: it was
    bool is_observed = false;
    Verdict verdict{};
    std::chrono::nanoseconds time{0};
    std::vector<std::string> notes{};
};

struct Explanation {
    std::vector<CheckExplanation> checks;
    std::string_view decided_by; // empty: no check had anything to say
    std::string reply;           // as policy_reply writes it
};

// The request that a line of attributes (attribute_list) asks about: those of Postfix's
// policy protocol that say who sends what to whom. client_address and recipient must be there.
Result<PolicyRequest> parse_explain_request(std::string_view line);

// For people, some lines.
std::string write_explanation(const PolicyRequest& request, const Explanation& explanation);

} // namespace postern
