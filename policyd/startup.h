// startup - from a configuration file to a running daemon, or to its faults
//
// The order matters: sockets while we are root, then the drop of privileges,
// then files and threads, so that nothing is opened that the daemon could not
// open again at a reload or a log rotation.
// Failure: faults of the configuration go to stderr, one a line; what cannot be
// opened is logged. Both end with status 1.
#pragma once

#include <string>

namespace postern {

// Runs until SIGTERM. Returns the exit status.
int run_policyd(const std::string& config_path);

// Reads and builds everything that a start would, but opens no socket and starts nothing.
// Prints faults and warnings, one a line. Returns the exit status.
int check_policyd(const std::string& config_path);

} // namespace postern
