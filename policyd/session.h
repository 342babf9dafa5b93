// session - one connection of a Postfix smtpd(8) process
//
// Reads to the empty line, asks the policy, writes the answer, again: check by
// check, together with what has arrived on other connections (socket_poll). No
// coroutine as long as memory decides, which is nearly always: only an answer
// that has to be waited for runs as one, which keeps the session alive.
// Postfix keeps a connection for 1000 s (smtpd_policy_service_max_ttl),
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
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

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

// What all sessions of a server share. The references outlive each session's close().
struct SessionSurroundings {
    SocketPoll& poll;
    const SessionLimits& limits;
    const CurrentPolicy& current;
    Log& log;
    std::function<void(std::uint64_t number)> on_end; // called once, by a member of the session: it must not destroy it
};

class Session final : public SocketPoll::Client, public std::enable_shared_from_this<Session> {
public:
    using Time = std::chrono::steady_clock::time_point;

    // `number` is one that no other connection has. `surroundings` outlive its close().
    Session(FileDescriptor socket, std::uint64_t number, const SessionSurroundings& surroundings);

    // From now on it is served, until it is closed. This must live until then.
    void start();

    // Ends at once if idle, else after the requests that have begun.
    void stop();

    // Ends the connection if it has exceeded a limit.
    void expire(Time now);

    // Ends it now.
    void close();

    // Nothing of a request is here, not even unread.
    bool is_idle() const;
    Time since() const { return since_; } // when it came to its state

private:
    enum class State { idle, arriving, deciding, answering, closed };

    void ready() override;
    void go_on() override;
    template <class Work>
    void guarded(Work work);

    bool read();
    void serve();
    bool begin(std::string_view text);
    bool take(std::string_view text, Time now);
    void forget_last_message();
    bool decide_on();
    asio::awaitable<void> finish_later(std::shared_ptr<Session> self, asio::awaitable<void> answer);
    void finish();
    bool send();
    void enter(State state, Time since);
    void report(std::string_view problem);

    FileDescriptor socket_; // non-blocking
    std::uint64_t number_;
    const SessionSurroundings& surroundings_;

    State state_ = State::idle;
    Time since_;
    bool is_stopping_ = false;
    RequestBuffer buffer_;
    PolicyRequest request_;
    std::shared_ptr<Policy> policy_; // that it began with, until it is answered
    PolicyRun run_;
    std::string reply_;
    std::size_t sent_ = 0; // octets of it
    std::string instance_; // of the message that was asked about last
};

} // namespace postern
