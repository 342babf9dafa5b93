// postfix_dnsbl_reader - the DNS lists of postscreen(8) and smtpd(8), as [dnsbl]
//
// Each list gets the weight that makes Postern refuse where Postfix did: those
// of postscreen their own, one of a restriction the whole threshold.
// See: postfix_dnsbl.h, postconf(5)
#pragma once

#include "config/migrate/migration.h"

namespace postern {

void migrate_postfix_dnsbl(Migration& migration);

} // namespace postern
