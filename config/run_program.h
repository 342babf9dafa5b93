// run_program - another program's answer, in bounded time and size
//
// Its stdin is empty; stdout and stderr come back as one text. No shell.
// Failure: it cannot be started, does not end in time (it is killed), or says
// more than any answer has.
#pragma once

#include "common/result.h"

#include <chrono>
#include <string>
#include <vector>

namespace postern {

struct ProgramAnswer {
    int status = 0; // the exit status; 128 and the signal's number if one ended it
    std::string text;
};

// `command` is the path, or a name to look up in PATH, and the arguments.
Result<ProgramAnswer> run_program(const std::vector<std::string>& command,
                                  std::chrono::milliseconds limit = std::chrono::seconds(60));

} // namespace postern
