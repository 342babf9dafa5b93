#include "policyd/session.h"

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <exception>

namespace postern {

using SteadyClock = std::chrono::steady_clock;

Session::Session(Socket socket, std::uint64_t number, const SessionLimits& limits, const CurrentPolicy& current,
                 Log& log)
    : socket_(std::move(socket))
    , number_(number)
    , limits_(limits)
    , current_(current)
    , log_(log)
    , since_(SteadyClock::now())
    , buffer_(limits.request_size)
{
    asio::error_code ignored; // a socket that cannot be set up fails at its first read
    socket_.non_blocking(true, ignored);
}

asio::awaitable<void> Session::run()
{
    try {
        for (bool goes_on = true; goes_on;) {
            if (const auto text = buffer_.request())
                goes_on = co_await answer(*text);
            else if (is_stopping_ && buffer_.empty())
                break;
            else
                goes_on = co_await read();
        }
    } catch (const std::exception& exception) { // of a check, or no memory: Postfix applies its own default
        report(exception.what());
    }
    close();
}

// False: the connection is over.
asio::awaitable<bool> Session::read()
{
    const auto space = buffer_.space();
    if (space.empty()) {
        report("request is too long");
        co_return false;
    }
    asio::error_code error;
    const auto count = co_await socket_.async_read_some(asio::buffer(space.data(), space.size()),
                                                        asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        if (!buffer_.empty() && state_ != State::closed) // else expire() has said why
            report("client left in the middle of a request");
        co_return false;
    }
    buffer_.filled(count);
    if (state_ == State::idle && !buffer_.request())
        enter(State::arriving, SteadyClock::now());
    co_return true;
}

asio::awaitable<bool> Session::answer(std::string_view text)
{
    const auto parsed = parse_policy_request(text, request_);
    buffer_.pop();
    if (!parsed) {
        report(parsed.error().what);
        co_return false;
    }
    const auto now = SteadyClock::now();
    enter(State::deciding, now);
    const auto policy = current_.policy; // a reload may put another in its place meanwhile
    auto reply = co_await policy->answer(request_, number_, now + limits_.deadline);
    const bool is_taken = co_await write(std::move(reply));
    if (buffer_.empty())
        enter(State::idle, now); // not the time of the answer: an idle second more or less is no matter
    else
        enter(State::arriving, SteadyClock::now());
    co_return is_taken;
}

asio::awaitable<bool> Session::write(std::string reply)
{
    asio::error_code error;
    const auto count = socket_.write_some(asio::buffer(reply), error); // fits into the socket's buffer as a rule
    if (!error && count == reply.size())
        co_return true;
    if (error && error != asio::error::would_block)
        co_return false;
    enter(State::answering, SteadyClock::now());
    co_await asio::async_write(socket_, asio::buffer(reply) + count, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
}

void Session::stop()
{
    is_stopping_ = true;
    if (state_ == State::idle)
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
    enter(State::closed, SteadyClock::now());
    asio::error_code ignored;
    socket_.close(ignored);
}

} // namespace postern
