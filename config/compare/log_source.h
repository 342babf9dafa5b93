// log_source - the lines of a log: of a file, of one that gzip(1) has packed, or of the journal
//
// Line by line, whatever its size. What is longer than a line can be is cut.
// Failure: it cannot be opened; close() says whether all of it was read.
#pragma once

#include "common/result.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace postern {

class LogSource {
public:
    static Result<LogSource> open(const std::string& path); // "-": the standard input
    static Result<LogSource> open_journal(std::int64_t since); // in seconds of the epoch; 0: all of it

    LogSource(LogSource&& other) noexcept;
    LogSource& operator=(LogSource&&) = delete;
    ~LogSource();

    bool next(std::string& line);
    Result<> close();

    const std::string& name() const { return name_; }
    std::uint64_t line_number() const { return line_number_; }

private:
    using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
    LogSource(std::string name, File file, pid_t child);
    static Result<LogSource> run(std::string name, std::vector<std::string> command);

    std::string name_;
    File file_;
    pid_t child_; // what writes it; -1: none
    std::uint64_t line_number_ = 0;
};

} // namespace postern
