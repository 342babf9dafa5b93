// body_spool - a message held for the scanner
//
// In a memfd: no file on disk, nothing to clean up after a crash, and a
// descriptor that clamd can be passed. Bounded twice: one message by
// `max_size`, all of them together, their octets and their number, by a
// SpoolBudget. A message beyond either gives back at once what it holds; only
// its size is counted on.
#pragma once

#include "common/file_descriptor.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace postern {

struct SpoolLimits {
    std::size_t octets = 0;
    std::size_t messages = 100'000;
};

// How much may be held at one time; shared by all messages and all threads.
class SpoolBudget {
public:
    explicit SpoolBudget(SpoolLimits limits) { set_limits(limits); }
    explicit SpoolBudget(std::size_t octets) { set_limits({octets}); }

    void set_limits(SpoolLimits limits); // after a reload; what is held already stays
    std::size_t used() const { return used_; }
    std::size_t messages() const { return messages_; }
    std::uint64_t refused() const { return refused_; } // messages for which there was no room

    // False: there is no room, nothing was taken.
    bool take_message();
    bool take(std::size_t octets);
    void give_back_message() { --messages_; }
    void give_back(std::size_t octets) { used_ -= octets; }
    void count_refused() { ++refused_; }

private:
    std::atomic<std::size_t> limit_ = 0, message_limit_ = 0;
    std::atomic<std::size_t> used_ = 0, messages_ = 0;
    std::atomic<std::uint64_t> refused_ = 0;
};

class BodySpool {
public:
    // `label` shows in clamd's log, which knows no other name for the message.
    BodySpool(std::shared_ptr<SpoolBudget> budget, std::size_t max_size, std::string_view label);
    ~BodySpool();
    BodySpool(const BodySpool&) = delete;
    BodySpool& operator=(const BodySpool&) = delete;

    void write(std::string_view octets);

    enum class State {
        whole,     // everything that was written can be read from descriptor()
        too_large, // over max_size
        no_room,   // the budget is used up
        broken,    // the system has no memory or no descriptors left
    };
    State state() const;

    int descriptor() const { return file_.get(); } // while whole; any offset
    std::size_t size() const { return size_; }     // of all that was written, held or not

private:
    void let_go(State why);

    std::shared_ptr<SpoolBudget> budget_;
    std::size_t max_size_;
    FileDescriptor file_;
    std::size_t size_ = 0;
    std::size_t held_ = 0;
    bool is_counted_ = false; // as a message, in the budget
    State state_ = State::whole;
};

} // namespace postern
