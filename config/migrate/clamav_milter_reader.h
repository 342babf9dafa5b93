// clamav_milter_reader - clamav-milter 1.4 and the clamd that it asks
//
// clamav-milter.conf becomes section [clamav]; clamd.conf is looked at for its
// limits and its socket, and not taken over: clamd goes on as it is. Where
// clamav-milter is not, or Postfix does not ask it, nothing is scanned.
// See: clamav-milter.conf(5), clamd.conf(5)
#pragma once

#include "config/migrate/migration.h"

namespace postern {

void migrate_clamav_milter(Migration& migration);

} // namespace postern
