// health - does mail get through? asked as deep as RCPT TO
//
// The policy socket gets a question that no check judges, the milter's a
// negotiation, and Postfix a mail from <> to postmaster that is never sent:
// its 2xx or 5xx says that all it asks has answered. A 4xx is a fault, but for
// 4.2.0 and 4.1.1, which are the policy's own words.
// What there is to ask is the caller's to know; in a container it stands in /run/postern/health, a line each.
#pragma once

#include "common/result.h"

#include <chrono>
#include <string>
#include <string_view>

namespace postern {

struct HealthPlan {
    std::string policyd, milterd; // where; empty: not asked
    std::string smtp = "inet:127.0.0.1:25";
    std::string recipient;
    bool speaks_proxy = false; // Postfix expects HAProxy's header first
};

Result<HealthPlan> parse_health_plan(std::string_view text);

bool is_sound_answer(int code, std::string_view text); // to RCPT TO

Result<> check_policyd(const std::string& address, std::chrono::milliseconds limit);
Result<> check_milterd(const std::string& address, std::chrono::milliseconds limit);
Result<> check_smtp(const HealthPlan& plan, std::chrono::milliseconds limit);

} // namespace postern
