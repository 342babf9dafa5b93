// read_file - all of a file of the operator's, which may be anything
//
// A FIFO does not hang us, a folder is no file, and what is larger than
// `limit` octets is not read.
// Failure: the Error begins with the path.
#pragma once

#include "common/result.h"

#include <cstddef>
#include <string>

namespace postern {

Result<std::string> read_file(const std::string& path, std::size_t limit);

} // namespace postern
