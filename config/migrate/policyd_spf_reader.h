// policyd_spf_reader - the SPF policy programs: Python's policyd-spf, and the Perl one
//
// Which of the two Postfix asks, and with which file, stands in master.cf, where
// spawn(8) starts it. A directory without a Postfix has the file of Debian's
// package alone. Where neither is asked, postern-policyd refuses nothing by SPF.
// See: policyd-spf.conf(5)
#pragma once

#include "config/migrate/migration.h"

namespace postern {

void migrate_policyd_spf(Migration& migration);

} // namespace postern
