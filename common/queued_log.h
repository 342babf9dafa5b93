// queued_log - the log of a daemon: callers never wait, a thread writes
//
// write() takes the time, puts the event in a queue that is bounded in memory
// and returns; a thread of its own formats and writes. When the queue is full
// the event is dropped and counted, and as soon as there is room the log says
//
//     level=warning event=log dropped=N
//
// which also counts what the output could not write (disk full, broken pipe).
//
//     QueuedLog log(options);     // before anything else; lines wait in the queue
//     drop_privileges(...);       // the log's file is opened by the daemon's user,
//     log.start();                // who must be able to open it again after a rotation
//
// Failure: start() says why the output cannot be opened; a log that was never
// started writes its lines to stderr when it is destroyed, so the reason why a
// daemon did not start is seen. Destruction waits for the lines that are
// queued, but no longer than flush_limit.
// Config: [log].
#pragma once

#include "common/log.h"
#include "common/log_output.h"
#include "common/result.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace postern {

class QueuedLog final : public Log {
public:
    static constexpr std::chrono::seconds flush_limit{2};

    explicit QueuedLog(LogOptions options);
    QueuedLog(LogOptions options, std::unique_ptr<LogOutput> output); // as tests want it
    ~QueuedLog() override;

    // Opens the output and starts the thread. Once; after fork and the drop of privileges.
    Result<> start();

    // The file has been renamed: the thread opens its path again before the
    // next line. If it cannot, it goes on with the old one and logs why.
    void reopen();

    void set_level(LogLevel level); // from any thread

    std::uint64_t lost() const; // events dropped, or not written, since the start; from any thread

    bool wants(LogLevel level) const override;
    void write(LogLevel level, std::string_view event, const LogRecord& fields) override; // from any thread

private:
    struct Shared; // lives as long as the thread, which a blocked output may keep
    std::shared_ptr<Shared> shared_;
};

} // namespace postern
