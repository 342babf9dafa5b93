// host_name - what this host calls itself
//
// For headers and for macros that name the receiver, where the operator has
// set nothing else. gethostname(2), in lower case; "localhost" if there is no name.
#pragma once

#include <string>

namespace postern {

std::string host_name();

} // namespace postern
