// control_request - the line that asks a daemon for something: a command and its arguments
//
// Everything after the first blank is the arguments, as sent. Pure.
// Failure: a line that is empty, begins with a blank or holds control characters.
// See: control_server
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>

namespace postern {

struct ControlRequest {
    std::string command;
    std::string arguments;
};

Result<ControlRequest> parse_control_request(std::string_view line); // without its line feed

} // namespace postern
