// log_output - where log lines go: stderr, a file, journald or syslog
//
// Used by the writer thread of a QueuedLog alone, so it may block. Formatting
// happens here. Failure: write() says how many events were lost (disk full,
// nobody reads the pipe, no syslog daemon); the next call tries again.
#pragma once

#include "common/log_line.h"
#include "common/result.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace postern {

struct LogOptions {
    enum class Target { stderr_stream, journald, syslog, file };

    std::string program; // "postern-policyd"
    LogLevel level = LogLevel::info;
    LineFormat format = LineFormat::logfmt;
    Target target = Target::stderr_stream;
    std::string path{};                     // with Target::file
    std::string syslog_socket = "/dev/log"; // with Target::syslog
    std::size_t queue_limit = 4 << 20;      // octets of memory for lines that wait
};

class LogOutput {
public:
    virtual ~LogOutput() = default;

    // Opens, or opens again after a rotation. If that fails, what was open stays so.
    virtual Result<> open() = 0;

    // Returns the number of events that were lost.
    virtual std::size_t write(std::span<const LogEvent> events) = 0;
};

std::unique_ptr<LogOutput> make_log_output(const LogOptions& options);

} // namespace postern
