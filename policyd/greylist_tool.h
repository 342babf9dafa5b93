// greylist_tool - `postern-policyd greylist ...`, which `postern greylist` starts
//
// Opens the store of the configuration, as the daemon's user, does one thing
// with it (greylist_admin) and tells a daemon that runs beside it to read
// anew what it has in memory. The output goes to stdout, what is wrong to
// stderr. A store that is not there is made by an import alone.
// postgrey's own files are read through db5.3_dump of Debian's db5.3-util.
// See: postern(1)
#pragma once

#include <cstdint>
#include <string>

namespace postern {

struct GreylistCommand {
    std::string name; // list, clients, show, pass, forget, stats, report, export, import
    std::string client, sender, recipient;
    bool waiting = false, passed = false, with_triplets = false;
    std::int64_t limit = 0;
    std::string input = "-";   // import: a file of ours; "-": stdin
    std::string postgrey;      // import: postgrey's folder
    std::string postgrey_dump; // import: what db5.3_dump has written; "-": stdin
    std::string postgrey_delay; // "300s"; empty: greylist.delay
};

int run_greylist_command(const std::string& config_path, const GreylistCommand& command);

} // namespace postern
