// validate_ldap - directories that are fine setting by setting, but not as a whole
//
// Pure.
#pragma once

#include "config/validate.h"

#include <string_view>

namespace postern {

void validate_ldap(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems);

} // namespace postern
