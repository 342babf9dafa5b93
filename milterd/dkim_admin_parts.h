// dkim_admin_parts - what the commands of `postern dkim` work with
//
// The folder of the managed keys, the keys that the configuration names, the
// DNS, the time and where words go: so that a test can be all of them.
#pragma once

#include "common/clock.h"
#include "common/result.h"
#include "milterd/dkim_key_store.h"
#include "milterd/dkim_keys.h"
#include "milterd/dkim_record_check.h"
#include "milterd/dkim_rotation.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct DkimAdminParts {
    DkimKeyStore store;
    std::vector<DkimKeyEntry> named{}; // those that the configuration names
    DkimRotationRules rules{};
    Timestamp now{};
    FileAccess access{0640}; // of keys in a directory of the operator's
    std::function<DkimRecordReplies(const std::string& name)> look_up{};
    std::function<Result<>()> tell_daemons{}; // that they read the keys again
    std::function<void(std::string_view text)> print{};
    std::function<void(std::string_view line)> complain{};
};

} // namespace postern
