// log_line - one event as one line of text
//
//     time=2026-03-01T12:00:00.123Z level=info program=postern-policyd event=decision client=192.0.2.1
//     {"time":"2026-03-01T12:00:00.123Z","level":"info","program":"postern-policyd","event":"decision",...}
//
// Whatever octets a value holds, the line is printable ASCII without a
// line feed: a logfmt value is put in quotes unless it is plain, and both
// formats escape in the manner of JSON (RFC 8259 7), so that readers of either
// get the value back; octets that are not UTF-8 become U+FFFD. A value longer
// than log_value_limit octets is cut and ends in "...".
#pragma once

#include "common/log.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace postern {

enum class LineFormat { logfmt, json };

constexpr std::size_t log_value_limit = 2048;

struct LogEvent {
    std::chrono::system_clock::time_point time;
    LogLevel level = LogLevel::info;
    std::string event;
    LogRecord fields;
};

std::string_view log_level_name(LogLevel level); // "debug", "info", "warning", "error"

// Writes the lines of one program. What those of one second begin with is written once.
class LogLines {
public:
    LogLines(LineFormat format, std::string program); // an empty program: there is no such field

    // Appends one line and its line feed. The time is UTC.
    void append(std::string& out, const LogEvent& event);

private:
    using Second = std::chrono::sys_seconds;

    void write_head(Second second, LogLevel level);

    LineFormat format_;
    std::string program_;

    // "time=2026-03-01T12:00:00.123Z level=info program=postern-policyd"
    std::string head_;
    Second second_{};
    LogLevel level_{};
    std::size_t milliseconds_at_ = 0;
};

// Appends event and fields alone, without line feed: for a receiver that has
// time, level and program beside the text (journald, syslog).
void append_log_message(std::string& out, LineFormat format, const LogEvent& event);

} // namespace postern
