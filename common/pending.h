// pending - a value that coroutines wait for, each until its own deadline
//
// Who asks makes one, hands a copy of the pointer to whoever brings the value,
// and waits. A waiter that gives up changes nothing for the others. Everything
// happens on the thread of the waiters' io_context; complete() only wakes,
// it never runs a waiter inside itself.
#pragma once

#include "common/clock.h"

#include <asio/awaitable.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace postern {

template <class T>
class Pending {
public:
    // The first value counts; a later one is dropped.
    void complete(T value)
    {
        if (value_)
            return;
        value_ = std::move(value);
        for (auto* timer : waiting_)
            timer->cancel();
    }

    // The value, or nothing if there is none by `deadline`.
    static asio::awaitable<std::optional<T>> wait(std::shared_ptr<Pending> self, Deadline deadline)
    {
        if (!self->value_) {
            asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
            const Place place(self->waiting_, timer);
            asio::error_code ended_early; // the value is there, or the waiter was cancelled
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended_early));
        }
        co_return self->value_;
    }

private:
    using Timers = std::list<asio::steady_timer*>;

    // A place among those who wait, left also when the coroutine is destroyed.
    class Place {
    public:
        Place(Timers& timers, asio::steady_timer& timer)
            : timers_(timers)
            , place_(timers.insert(timers.end(), &timer))
        {
        }
        ~Place() { timers_.erase(place_); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

    private:
        Timers& timers_;
        typename Timers::iterator place_;
    };

    std::optional<T> value_;
    Timers waiting_;
};

} // namespace postern
