// explain_offline - what the daemon would answer, without a daemon
//
// Builds what a start would, beside a daemon that may be running, and asks it
// one question. Started by root it becomes policyd.user first, as whom it may
// look into the greylist's database; one that is not there is not made.
// Failure: faults are printed; the status is 1.
#pragma once

#include <string>

namespace postern {

// `attributes`: see parse_explain_request. Returns the exit status.
int explain_policyd(const std::string& config_path, const std::string& attributes);

} // namespace postern
