// privileges - from root to the daemon's own user, for good
//
// Call it while the process has one thread, after the sockets are open and
// before the log's thread starts: what it forbids is inherited by threads
// made later, not by those that exist.
// Failure: unknown names, or a process that is neither root nor that user.
// See: setuid(2), initgroups(3), PR_SET_NO_NEW_PRIVS and PR_SET_DUMPABLE in prctl(2)
#pragma once

#include "common/result.h"

#include <string>
#include <sys/types.h>

namespace postern {

Result<uid_t> find_user(const std::string& name);
Result<gid_t> find_group(const std::string& name);

// The group that drop_privileges() would take: `group`, or where it is empty that of `user`.
Result<gid_t> find_group_of(const std::string& user, const std::string& group);

enum class Privileges {
    dropped,   // was root and is `user` now, with no way back
    unchanged, // was `user` already, or no user is asked for
};

// `group` empty: the user's own. `user` empty: stay who we are. The supplementary groups
// become those of `user`. In each case new privileges (by set-user-ID programs) are
// forbidden, and core dumps and debuggers of other processes of that user kept out.
Result<Privileges> drop_privileges(const std::string& user, const std::string& group);

} // namespace postern
