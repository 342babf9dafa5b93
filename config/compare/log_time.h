// log_time - when a line of a mail log was written
//
// Pure but for the host's time zone, in which syslog's old format is. That has
// neither year nor fraction of a second: the year is the one that puts the
// line before now, the fraction is taken as the last of its second, so that a
// line comes after what is known more exactly.
// See: RFC 3164 4.1.2, RFC 3339
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

using LogTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Takes an RFC 3339 time off the front, "2026-11-28T03:00:00.123Z"; a blank may stand for the T, and the zone may be
// without colon. Without a zone it is the host's.
std::optional<LogTime> take_rfc3339_time(std::string_view& text);

// "Nov 28 03:00:00", for many lines: the hour of the last one is remembered.
class SyslogTimes {
public:
    explicit SyslogTimes(LogTime now)
        : now_(now)
    {
    }

    std::optional<LogTime> take(std::string_view& text);

private:
    LogTime now_;
    std::string hour_text_; // "Nov 28 03"
    LogTime hour_{};
};

// What --since has: "2026-11-28", "2026-11-28 03:00", an RFC 3339 time, or how long ago: "90m", "2d".
std::optional<LogTime> parse_since(std::string_view text, LogTime now);

std::string log_time_text(LogTime time); // "2026-11-28T03:00:00Z"

} // namespace postern
