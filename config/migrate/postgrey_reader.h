// postgrey_reader - postgrey 1.37: its command line, its lists and its database
//
// The options are those of its unit or of POSTGREY_OPTS in Debian's
// /etc/default/postgrey. Postern reads the lists as they are; what it will not
// take, or takes otherwise, is found here. The database is imported by a command
// that the report names. Where postgrey is not, or Postfix does not ask it,
// nothing is greylisted.
// See: postgrey(8)
#pragma once

#include "config/migrate/migration.h"
#include "config/migrate/start_command.h"

#include <span>
#include <vector>

namespace postern {

struct PostgreyCommandLine {
    std::vector<MetOption> options; // a name without its abbreviation: "--delay"
    std::vector<StartFault> faults;
};

// The words behind the program's. Pure.
PostgreyCommandLine parse_postgrey_options(std::span<const StartWord> words);

void migrate_postgrey(Migration& migration);

} // namespace postern
