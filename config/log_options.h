// log_options - the log as the operator wants it
//
// From the settings' words to those of common/log_output.
// Config: [log]
#pragma once

#include "common/log_output.h"
#include "config/config.h"

#include <string>
#include <string_view>

namespace postern {

LogLevel log_level(std::string_view word); // "debug", ...; the table has checked it

LogOptions log_options(std::string program, const LogSettings& settings);

} // namespace postern
