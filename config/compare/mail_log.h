// mail_log - a line of a mail log: when, by which program, and what it says
//
//     Nov 28 03:00:00 mx postfix/smtpd[123]: NOQUEUE: reject: ...
//     2026-11-28T03:00:00.123456+01:00 mx postfix/smtpd[123]: NOQUEUE: reject: ...
//     time=2026-11-28T03:00:00.123Z level=info program=postern-policyd event=decision ...
//     {"time":"2026-11-28T03:00:00.123Z","level":"info",...}
//
// The first two are syslog's (also what journalctl -o short-iso prints, and
// Postfix's own maillog_file), the others a log file of Postern's.
#pragma once

#include "config/compare/log_time.h"

#include <optional>
#include <string_view>

namespace postern {

struct MailLogLine {
    LogTime time;
    std::string_view program; // "postfix/smtpd"; empty: the whole line is a record of Postern's
    std::string_view text;
};

class MailLogParser {
public:
    explicit MailLogParser(LogTime now)
        : syslog_times_(now)
    {
    }

    // None: it is nothing of all these. The views are into `line`.
    std::optional<MailLogLine> parse(std::string_view line);

private:
    SyslogTimes syslog_times_;
};

} // namespace postern
