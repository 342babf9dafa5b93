// process_facts - what is to be told of any daemon: its build, its age, its log and what it uses
#pragma once

#include "common/facts.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace postern {

class ProcessFacts {
public:
    // Both literals; the age counts from here.
    ProcessFacts(std::string_view program, std::string_view version);

    // `lost_log_lines`: see QueuedLog::lost.
    void add(Facts& facts, std::uint64_t lost_log_lines) const;

private:
    std::string_view program_;
    std::string_view version_;
    std::chrono::system_clock::time_point started_at_;
    std::chrono::steady_clock::time_point started_;
};

} // namespace postern
