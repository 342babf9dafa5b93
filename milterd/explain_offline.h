// explain_offline - what would become of a mail, without a daemon
//
// Builds what a start would, beside a daemon that may be running, and shows it
// one mail from a file. The DNS and clamd are asked as ever; nothing is
// delivered, counted or changed. Started by root it becomes milterd.user once
// keys and mail are read.
// Failure: faults are printed; the status is 1.
#pragma once

#include <string>

namespace postern {

// `attributes`: see parse_explain_envelope. Returns the exit status.
int explain_milterd(const std::string& config_path, const std::string& instance, const std::string& attributes,
                    const std::string& mail_path);

} // namespace postern
