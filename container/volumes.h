// volumes - what the volumes of another image hold, and what becomes of it here
//
// Those of panubo/postfix and mikenye/postfix: OpenDKIM's keys and tables,
// Postfix's tables, aliases, postgrey's lists and its database. Each is told of
// as `postern migrate` tells of a host's files, faults with their line, and so
// are keys that nobody names and tables that nobody reads. Nothing is done here:
// render.h takes the files over, and the service "import" the database.
// Failure: none. What cannot be read is in the report.
#pragma once

#include "config/migrate/old_host.h"
#include "container/image.h"
#include "container/values.h"

#include <string>

namespace postern {

// `image`: what the values were rendered to. Empty: there is nothing of another image.
std::string report_on_volumes(const Values& values, const Image& image, OldHost host);

} // namespace postern
