// message_store - the messages that Postfix is asking about now
//
// Keyed by the request's `instance`, which is the same for every recipient of
// one message and never used again. That a message is over is seen at DATA,
// where nothing more is due, and by the next message of the same connection.
// A client may be gone without either; so the store also forgets: the one
// that was asked for longest ago when there are more than `capacity`, and each
// that was not asked for during `lifetime`. Each smtpd(8) process has one connection and
// one message at a time; room for three of each connection that may be open is
// more than what can be under way. A message that is forgotten too early costs a
// second SPF evaluation and a second header.
#pragma once

#include "common/lru_cache.h"
#include "policyd/policy_message.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

namespace postern {

class MessageStore {
public:
    using Time = std::chrono::steady_clock::time_point;

    static constexpr std::size_t least_capacity = 5'000;

    explicit MessageStore(std::size_t capacity = least_capacity, std::chrono::seconds lifetime = std::chrono::minutes(10));

    // So many connections may be open from now on.
    void make_room_for(std::size_t connections);

    // The message of this instance, a new one if there is none yet. An empty instance is no
    // key (Postfix sends one with VRFY): its message is new each time and never kept.
    std::shared_ptr<PolicyMessage> at(std::string_view instance, Time now);

    // The same, but null if there is none.
    std::shared_ptr<PolicyMessage> find(std::string_view instance, Time now);

    // No more requests of this message are to come.
    void forget(std::string_view instance) { entries_.erase(instance); }

    std::size_t size() const { return entries_.size(); }
    std::size_t capacity() const { return entries_.capacity(); }

private:
    struct Entry {
        std::shared_ptr<PolicyMessage> message;
        Time used;
    };

    void forget_old(Time now);

    std::chrono::seconds lifetime_;
    LruCache<Entry> entries_; // by instance
};

} // namespace postern
