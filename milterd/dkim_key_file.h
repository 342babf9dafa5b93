// dkim_key_file - who may read the file of a private key
//
// Whoever reads it can sign as we do. So it belongs to root or to the daemon's
// user, and beside them only the daemon's group may read it: 0600, or 0640
// with that group, so that a reload can read it again.
// Failure: check_key_file() says what is wrong, and what to do about it.
// Config: [dkim] require_safe_keys; [milterd] user, group
#pragma once

#include "config/config.h"

#include <optional>
#include <string>
#include <sys/stat.h>

namespace postern {

struct KeyFileRules {
    bool is_strict = false;          // false: a file that is not safe is used, and warned of
    std::optional<uid_t> user{};     // the daemon's; the one that runs counts, too
    std::optional<gid_t> group{};    // likewise
};

// Of a configuration: names that do not exist are none. Opening its sockets says so of them.
KeyFileRules key_file_rules(const Config& config);

// A clause, as "can be read by everybody (mode 0644): ..."; empty: it is safe.
std::string check_key_file(const struct stat& status, const KeyFileRules& rules);

} // namespace postern
