// command_line - what the tool's commands share: what they print, the programs they run
#pragma once

#include "common/result.h"
#include "config/run_program.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

// The exit status: 0 if all of it was written.
int print(std::string_view text);

// Each in a line of stderr. The exit status: 1.
int print_faults(const std::vector<Error>& faults);

// A program of Postfix's or of the system's, also for whom /usr/sbin is not in the PATH.
Result<ProgramAnswer> run_system_program(std::vector<std::string> command);

// Runs the program of a daemon, "postern-policyd", in this one's place. Returns only if it cannot: 1.
int become(const std::string& daemon, std::vector<std::string> words);

} // namespace postern
