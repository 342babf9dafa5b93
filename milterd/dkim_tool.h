// dkim_tool - `postern-milterd dkim ...`, which `postern dkim` starts
//
// From the configuration to the keys, the DNS and the daemons that a command
// works with; one command, and its exit status. The output goes to stdout, what
// is wrong to stderr. Stays who it is: keys belong to who makes them, usually
// root, and the daemon's group may read them.
// See: postern(1), dkim_key_change, dkim_key_view
#pragma once

#include "milterd/dkim_key_change.h"
#include "milterd/dkim_key_view.h"

#include <cstdint>
#include <optional>
#include <string>

namespace postern {

struct DkimCommand {
    std::string name; // new, rotate, check, list, zone
    DkimNewKeys made; // new
    bool now = false; // rotate: a new pair, whatever the age
    DkimKeyFilter filter; // of the others; rotate takes a domain
    std::string key_file; // check: this key, and no other
    std::optional<std::int64_t> ttl; // zone
};

int run_dkim_command(const std::string& config_path, const DkimCommand& command);

} // namespace postern
