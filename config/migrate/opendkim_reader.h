// opendkim_reader - opendkim's file with what it includes, its command line, and all that they name
//
// Of an option that is set twice the last counts, and the command line counts
// before the file. SOCKET and DAEMON_OPTS of /etc/default/opendkim count where
// no unit starts it.
// Failure: all of it is in the findings.
// See: opendkim.conf(5), opendkim(8), opendkim_settings.h
#pragma once

#include "config/migrate/migration.h"

namespace postern {

void migrate_opendkim(Migration& migration);

} // namespace postern
