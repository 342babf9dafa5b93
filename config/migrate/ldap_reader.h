// ldap_reader - the ldap: tables by which Postfix knows recipients, as [[ldap]]
//
// A file of ldap_table(5) is named as it is; what stands in main.cf itself
// (ldap:NAME and NAME_server_host) is written as settings. A table is taken only
// if Postern then knows all that Postfix did: beside a table of another type, or
// for domains that cannot be told, it stays Postfix's own, and the report says
// what to do.
// See: ldap_table(5), common/ldap/ldap_table.h
#pragma once

#include "config/migrate/migration.h"

namespace postern {

void migrate_ldap(Migration& migration);

} // namespace postern
