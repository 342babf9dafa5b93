// session - one connection of a Postfix smtpd(8) process
//
// A coroutine: read to the empty line, ask the policy, write the answer,
// again. Postfix keeps a connection for 1000 s (smtpd_policy_service_max_ttl),
// so an idle one may stay longer than that; only a request that has begun to
// arrive, and an answer that nobody takes, have a time limit. The server
// looks at the limits now and then (expire), so no timer runs per request.
// Failure: a request that is broken, too long or too slow, and an exception of
// a check, end the connection without an answer, as SMTPD_POLICY_README asks:
// Postfix then tries again and at last applies its own default.
// Log: event=policy_connection, problem=..., connection= its number
#pragma once

#include "common/file_descriptor.h"
#include "common/log.h"
#include "policyd/policy.h"
#include "policyd/policy_request.h"
#include "policyd/request_buffer.h"
#include "policyd/socket_poll.h"

#include <asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace postern {

struct SessionLimits {
    std::size_t request_size = policy_request_limit;
    std::chrono::milliseconds arrival = std::chrono::seconds(20); // of a whole request; of an answer at the client
    std::chrono::milliseconds idle = std::chrono::seconds(1200);  // between requests
    std::chrono::milliseconds deadline = std::chrono::seconds(20); // for the checks of one request
};

// The policy in force. A request that has begun keeps the one it began with.
struct CurrentPolicy {
    std::shared_ptr<Policy> policy;
};

class Session {
public:
    using Time = std::chrono::steady_clock::time_point;

    // `number` is one that no other connection has. The references outlive this.
    Session(FileDescriptor socket, SocketPoll& poll, std::uint64_t number, const SessionLimits& limits,
            const CurrentPolicy& current, Log& log);

    // Returns when the connection is over. This must live until then.
    asio::awaitable<void> run();

    // Ends at once if idle, else after the requests that have begun.
    void stop();

    // Ends the connection if it has exceeded a limit.
    void expire(Time now);

    // Ends it now. What the coroutine waits for on the socket completes with an error.
    void close();

    // Nothing of a request is here, not even unread.
    bool is_idle() const;
    Time since() const { return since_; } // when it came to its state

private:
    enum class State { idle, arriving, deciding, answering, closed };

    bool has_space();
    bool read();
    bool take(std::string_view text, Time now);
    void forget_last_message(Policy& policy);
    asio::awaitable<bool> write(std::string_view reply);
    bool send(std::string_view& reply);
    void enter(State state, Time since);
    void report(std::string_view problem);

    FileDescriptor socket_; // non-blocking
    SocketPoll& poll_;
    std::uint64_t number_;
    const SessionLimits& limits_;
    const CurrentPolicy& current_;
    Log& log_;

    State state_ = State::idle;
    Time since_;
    bool is_stopping_ = false;
    RequestBuffer buffer_;
    PolicyRequest request_;
    std::string instance_; // of the message that was asked about last
};

} // namespace postern
