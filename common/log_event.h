// log_event - log events packed into one run of octets
//
// How events wait in a queue between two threads: packed by the one, unpacked
// by the other, so that no memory is given by one thread and freed by the
// other (malloc(3) makes both wait for that). Only ever read by the process
// that wrote it.
#pragma once

#include "common/log_line.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// Appends one event.
void pack_log_event(std::string& out, std::chrono::system_clock::time_point time, LogLevel level,
                    std::string_view event, const LogRecord& fields);

// Takes at most `count` events off the front of `packed`, in their order.
std::vector<LogEvent> unpack_log_events(std::string_view& packed, std::size_t count);

} // namespace postern
