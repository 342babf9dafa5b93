// check - everything that can be known to be wrong before a daemon is started
//
// First the configuration by itself. If that is sound, the daemons' own
// programs are asked (`postern-policyd --check FILE`), each instance too: they
// know which files, keys and lists they will need, and we do not.
// Failure: a program that is not installed here is a warning, for the tool may
// stand alone; one that cannot be run is a fault.
#pragma once

#include "config/run_program.h"
#include "config/settings.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct CheckReport {
    std::vector<std::string> lines; // faults and warnings, for people
    bool is_good = true;
};

using RunProgram = std::function<Result<ProgramAnswer>(const std::vector<std::string>& command)>;

// The path of a daemon's program; empty: there is none.
using FindProgram = std::function<std::string(std::string_view name)>;

CheckReport check(const std::string& config_path, const Environment& environment, const FindProgram& find,
                  const RunProgram& run);

// Looks beside the tool's own program (as in /usr/bin, and where the build puts it), then in sbin folders.
std::string find_daemon(std::string_view name);

} // namespace postern
