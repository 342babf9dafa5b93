// check - one question asked of a policy request
//
// policy.cc runs the configured checks in order: the first final verdict is
// Postfix's answer, a temporary one is remembered while the rest runs. A check
// neither logs nor counts nor knows that it is only observed: the chain does.
// A request that has `notes` is a question of the operator's: a check answers as
// ever, but writes no store, counts nothing and tells no one (greylist_check:
// no triplet; recipient_check: no harvest; trusted_clients: the address does not
// count for the guard).
// Failure: a check that cannot decide, or whose deadline passes, says so by
// its own fail mode; an exception that leaves it closes the connection, and
// Postfix applies its own default.
#pragma once

#include "common/clock.h"
#include "common/facts.h"
#include "policyd/policy_message.h"
#include "policyd/policy_request.h"
#include "policyd/verdict.h"

#include <asio/awaitable.hpp>
#include <string_view>
#include <utility>
#include <variant>

namespace postern {

// The verdict, or what brings it: where memory decides, which is nearly always, no coroutine is paid for.
using VerdictSoon = std::variant<Verdict, asio::awaitable<Verdict>>;

class Check {
public:
    virtual ~Check() = default;

    // As in the configuration and the log; a literal, since the log keeps no copy.
    virtual std::string_view name() const = 0;

    // Asked at RCPT only. `request` and `message` outlive what it gives: the session's coroutine
    // owns the first and holds the second, and awaits at once where there is something to await.
    virtual VerdictSoon ask(const PolicyRequest& request, PolicyMessage& message, Deadline deadline) = 0;

    // The same, for who waits anyhow.
    asio::awaitable<Verdict> check(const PolicyRequest& request, PolicyMessage& message, Deadline deadline)
    {
        auto soon = ask(request, message, deadline);
        if (auto* const later = std::get_if<asio::awaitable<Verdict>>(&soon))
            co_return co_await std::move(*later);
        co_return std::get<Verdict>(std::move(soon));
    }

    // ask() is going to come for this request, after other work. What it will look up is asked of the memory meanwhile:
    // first its places in tables, then what stands there, what that leads to, and at last the texts of these. Changes
    // `request.ahead` alone.
    enum class Ahead { place, entry, value, text };
    static constexpr Ahead all_ahead[] = {Ahead::place, Ahead::entry, Ahead::value, Ahead::text};
    virtual void look_ahead(const PolicyRequest&, Ahead) {}

    // For the status, the metrics and /readyz.
    virtual FunctionState state() const { return {name()}; }
};

} // namespace postern
