// body_spool - a message held for the scanner
//
// In a memfd: no file on disk, nothing to clean up after a crash, and a
// descriptor that clamd can be passed. Bounded twice: one message by
// `max_size`, all of them together by a SpoolBudget. A message beyond either
// gives back at once what it holds; only its size is counted on.
#pragma once

#include "common/file_descriptor.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace postern {

// How much may be held at one time; shared by all messages and all threads.
class SpoolBudget {
public:
    explicit SpoolBudget(std::size_t octets)
        : limit_(octets)
    {
    }

    void set_limit(std::size_t octets) { limit_ = octets; } // after a reload; what is held already stays
    std::size_t used() const { return used_; }

    bool take(std::size_t octets); // false: nothing was taken
    void give_back(std::size_t octets) { used_ -= octets; }

private:
    std::atomic<std::size_t> limit_;
    std::atomic<std::size_t> used_ = 0;
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
    State state_ = State::whole;
};

} // namespace postern
