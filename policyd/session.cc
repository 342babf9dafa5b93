#include "policyd/session.h"

#include <asio/use_awaitable.hpp>
#include <cerrno>
#include <exception>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace postern {

using SteadyClock = std::chrono::steady_clock;

Session::Session(FileDescriptor socket, SocketPoll& poll, std::uint64_t number, const SessionLimits& limits,
                 const CurrentPolicy& current, Log& log)
    : socket_(std::move(socket))
    , poll_(poll)
    , number_(number)
    , limits_(limits)
    , current_(current)
    , log_(log)
    , since_(SteadyClock::now())
    , buffer_(limits.request_size)
{
}

// In one piece, for each coroutine of its own would cost every request.
asio::awaitable<void> Session::run()
{
    try {
        for (;;) {
            if (const auto text = buffer_.request()) {
                const auto now = SteadyClock::now();
                if (!take(*text, now))
                    break;
                const auto policy = current_.policy; // a reload may put another in its place meanwhile
                forget_last_message(*policy);
                const auto reply = co_await policy->answer(request_, number_, now + limits_.deadline);
                if (poll_.is_in_round()) // the answers of a round leave together
                    co_await poll_.round_end(asio::use_awaitable);
                std::string_view rest = reply;
                if (!send(rest) || (!rest.empty() && !co_await write(rest)))
                    break;
                if (buffer_.empty())
                    enter(State::idle, now); // not the time of the answer: an idle second more or less is no matter
                else
                    enter(State::arriving, SteadyClock::now());
            } else {
                if (is_stopping_ && buffer_.empty())
                    break;
                if (has_space())
                    co_await poll_.readable(socket_.get(), asio::use_awaitable);
                if (!read())
                    break;
            }
        }
    } catch (const std::exception& exception) { // of a check, or no memory: Postfix applies its own default
        report(exception.what());
    }
    close();
}

bool Session::has_space()
{
    if (!buffer_.space().empty())
        return true;
    report("request is too long");
    close();
    return false;
}

// What has arrived. False: the connection is over.
bool Session::read()
{
    if (state_ == State::closed)
        return false;
    const auto space = buffer_.space();
    const auto count = ::recv(socket_.get(), space.data(), space.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (count <= 0) {
        if (!buffer_.empty())
            report("client left in the middle of a request");
        return false;
    }
    buffer_.filled(static_cast<std::size_t>(count));
    if (state_ == State::idle && !buffer_.request())
        enter(State::arriving, SteadyClock::now());
    return true;
}

// The request at the front of `text` becomes the one at hand. False: it is none.
bool Session::take(std::string_view text, Time now)
{
    const auto size = parse_policy_request(text, request_);
    if (!size) {
        report(size.error().what);
        return false;
    }
    buffer_.pop(*size);
    enter(State::deciding, now);
    return true;
}

// An smtpd(8) process has one message at a time: a request for another says that the last one is over.
void Session::forget_last_message(Policy& policy)
{
    if (request_.instance.empty() || request_.instance == instance_)
        return;
    policy.forget(instance_);
    instance_ = request_.instance;
}

// What the socket takes at once: all, as a rule. False: the connection is over.
bool Session::send(std::string_view& reply)
{
    if (state_ == State::closed)
        return false;
    const auto count = ::send(socket_.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    reply.remove_prefix(static_cast<std::size_t>(count));
    return true;
}

// The rest of an answer to a client that is slow to take it.
asio::awaitable<bool> Session::write(std::string_view reply)
{
    enter(State::answering, SteadyClock::now());
    do {
        co_await poll_.writable(socket_.get(), asio::use_awaitable);
        if (!send(reply))
            co_return false;
    } while (!reply.empty());
    co_return true;
}

bool Session::is_idle() const
{
    int unread = 0;
    return state_ == State::idle && ::ioctl(socket_.get(), FIONREAD, &unread) == 0 && unread == 0;
}

void Session::stop()
{
    is_stopping_ = true;
    if (is_idle())
        close();
}

void Session::expire(Time now)
{
    const auto spent = now - since_;
    if (state_ == State::idle && spent > limits_.idle) {
        close();
    } else if (state_ == State::arriving && spent > limits_.arrival) {
        report("request did not arrive in time");
        close();
    } else if (state_ == State::answering && spent > limits_.arrival) {
        report("client did not take the answer in time");
        close();
    }
}

void Session::enter(State state, Time since)
{
    if (state_ != State::closed) {
        state_ = state;
        since_ = since;
    }
}

void Session::report(std::string_view problem)
{
    log_.warning("policy_connection", {{"problem", problem}, {"connection", number_}});
}

void Session::close()
{
    if (!socket_)
        return;
    enter(State::closed, SteadyClock::now());
    poll_.forget(socket_.get());
    socket_ = {};
}

} // namespace postern
