// log_event - log events packed into one run of octets
//
// How events wait in a queue between two threads: packed by the one, unpacked
// by the other, so that no memory is given by one thread and freed by the
// other (malloc(3) makes both wait for that). Only ever read by the process
// that wrote it.
#pragma once

#include "common/log_line.h"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace postern {

// Appends one event.
void pack_log_event(std::string& out, std::chrono::system_clock::time_point time, LogLevel level,
                    std::string_view event, const LogRecord& fields);

// Takes events off the front of `packed`, in their order, as many as there is room for. What it gives is the
// front of `room`, whose events keep their memory from one time to the next.
std::span<const LogEvent> unpack_log_events(std::string_view& packed, std::span<LogEvent> room);

} // namespace postern
