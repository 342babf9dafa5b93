#include "policyd/session.h"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <cerrno>
#include <exception>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace postern {

using SteadyClock = std::chrono::steady_clock;

Session::Session(FileDescriptor socket, std::uint64_t number, const SessionSurroundings& surroundings)
    : socket_(std::move(socket))
    , number_(number)
    , surroundings_(surroundings)
    , since_(SteadyClock::now())
    , buffer_(surroundings.limits.request_size)
{
}

void Session::start()
{
    surroundings_.poll.wait_readable(socket_.get(), *this);
}

// An exception, of a check or for want of memory, ends the connection: Postfix applies its own default.
template <class Work>
void Session::guarded(Work work)
{
    try {
        work();
    } catch (const std::exception& exception) {
        report(exception.what());
        close();
    }
}

void Session::ready()
{
    guarded([this] {
        if (state_ == State::deciding) // the next request can wait until this one is answered
            surroundings_.poll.rest(socket_.get());
        else if (state_ == State::answering)
            finish();
        else if (read())
            serve();
        else
            close();
    });
}

// One step more, now that the others of the round have come as far.
void Session::go_on()
{
    guarded([this] {
        if (run_.is_done())
            finish();
        else if (policy_->look_ahead(run_) || decide_on())
            surroundings_.poll.hold(*this);
    });
}

// Answers what is here, as far as it goes without waiting; what has to be waited for goes on with finish().
void Session::serve()
{
    while (const auto text = buffer_.request()) {
        if (!begin(*text))
            return;
        if (surroundings_.poll.hold(*this)) {
            policy_->look_ahead(run_);
            return;
        }
        while (!run_.is_done())
            if (!decide_on())
                return;
        if (!send())
            return;
    }
    if (is_stopping_ && buffer_.empty()) {
        close();
    } else if (buffer_.space().empty()) {
        report("request is too long");
        close();
    } else {
        surroundings_.poll.wait_readable(socket_.get(), *this);
    }
}

// The request at the front of `text` comes before the policy. False: the connection is over.
bool Session::begin(std::string_view text)
{
    const auto now = SteadyClock::now();
    if (!take(text, now)) {
        close();
        return false;
    }
    policy_ = surroundings_.current.policy; // a reload may put another in its place meanwhile
    forget_last_message();
    policy_->begin(run_, request_, number_, now, now + surroundings_.limits.deadline, reply_);
    return true;
}

// The next check. False: it has to be waited for.
bool Session::decide_on()
{
    auto later = policy_->go_on(run_);
    if (later)
        asio::co_spawn(surroundings_.poll.io(), finish_later(shared_from_this(), std::move(*later)), asio::detached);
    return !later;
}

// What it works on is kept until the answer is there.
asio::awaitable<void> Session::finish_later([[maybe_unused]] std::shared_ptr<Session> self, asio::awaitable<void> answer)
{
    try {
        co_await std::move(answer);
    } catch (const std::exception& exception) {
        if (state_ == State::closed)
            co_return;
        report(exception.what());
        close();
    }
    if (state_ != State::closed) // else what surrounded it may be gone
        guarded([this] { finish(); });
}

// The answer at hand, and what came after its request.
void Session::finish()
{
    if (send())
        serve();
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
void Session::forget_last_message()
{
    if (request_.instance.empty() || request_.instance == instance_)
        return;
    policy_->forget(instance_);
    instance_ = request_.instance;
}

// What the socket takes of the answer: all, as a rule. False: the rest has to wait, or the connection is over.
bool Session::send()
{
    if (state_ == State::closed)
        return false;
    policy_.reset(); // after a reload it would stay for this session alone
    const auto count = ::send(socket_.get(), reply_.data() + sent_, reply_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
        close();
        return false;
    }
    sent_ += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    if (sent_ < reply_.size()) { // the client is slow to take it
        if (state_ != State::answering)
            enter(State::answering, SteadyClock::now());
        surroundings_.poll.wait_writable(socket_.get(), *this);
        return false;
    }
    sent_ = 0;
    if (buffer_.empty())
        enter(State::idle, since_); // not the time of the answer: an idle second more or less is no matter
    else
        enter(State::arriving, SteadyClock::now());
    return true;
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
    if (state_ == State::idle && spent > surroundings_.limits.idle) {
        close();
    } else if (state_ == State::arriving && spent > surroundings_.limits.arrival) {
        report("request did not arrive in time");
        close();
    } else if (state_ == State::answering && spent > surroundings_.limits.arrival) {
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
    surroundings_.log.warning("policy_connection", {{"problem", problem}, {"connection", number_}});
}

void Session::close()
{
    if (!socket_)
        return;
    enter(State::closed, SteadyClock::now());
    surroundings_.poll.forget(socket_.get());
    socket_ = {};
    surroundings_.on_end(number_);
}

} // namespace postern
