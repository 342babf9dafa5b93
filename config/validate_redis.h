// validate_redis - a store on Redis that is fine setting by setting, but not as a whole
//
// Pure.
#pragma once

#include "config/validate.h"

#include <string_view>

namespace postern {

void validate_redis(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems);

} // namespace postern
