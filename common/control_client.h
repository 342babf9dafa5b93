// control_client - asks a running daemon over its control socket
//
// For the tool: blocking, with a limit on the whole exchange.
// Failure: the Error is the daemon's own ("error: why"), or says why it could
// not be asked: nobody listens, no permission, no answer in time.
// See: control_server for the protocol
#pragma once

#include "common/result.h"

#include <chrono>
#include <string>
#include <string_view>

namespace postern {

// `command` with its arguments, in one line. Returns the text of the answer.
Result<std::string> ask_control(const std::string& path, std::string_view command,
                                std::chrono::milliseconds limit = std::chrono::seconds(10));

} // namespace postern
