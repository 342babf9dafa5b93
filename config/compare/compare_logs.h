// compare_logs - several logs of one host, read side by side in the order of their times
//
// Each is in the order of its own times, as logs are; a line without a time
// goes with the one before it. Faults are counted, and the first is told.
#pragma once

#include "config/compare/comparison.h"
#include "config/compare/log_source.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern {

struct LogFaults {
    std::uint64_t lines = 0;
    std::string first; // "FILE:LINE: why"
};

struct ComparedLogs {
    std::uint64_t lines = 0;   // since that time
    std::uint64_t records = 0; // of an observing Postern
    LogFaults faults;
    std::optional<LogTime> begin, end;
};

// `since` none: from the beginning. `now`: for lines that do not tell the year.
Result<ComparedLogs> compare_logs(std::vector<LogSource> sources, std::optional<LogTime> since, LogTime now,
                                  Comparison& comparison);

} // namespace postern
