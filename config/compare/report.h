// report - what a comparison has found, for people
//
// Pure. The kinds of difference come the most frequent first.
#pragma once

#include "config/compare/compare_logs.h"

#include <string>

namespace postern {

std::string comparison_report(const Comparison& comparison, const ComparedLogs& seen);

// Why nothing could be compared; empty: it could.
std::string why_not_compared(const Comparison& comparison, const ComparedLogs& seen);

} // namespace postern
