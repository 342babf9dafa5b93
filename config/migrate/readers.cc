#include "config/migrate/readers.h"

#include "config/migrate/clamav_milter_reader.h"
#include "config/migrate/ldap_reader.h"
#include "config/migrate/opendkim_reader.h"
#include "config/migrate/policyd_spf_reader.h"
#include "config/migrate/postfix_dnsbl_reader.h"
#include "config/migrate/postgrey_reader.h"
#include "config/read_config.h"

namespace postern {
namespace {

using MigrateProgram = void (*)(Migration&);

constexpr MigrateProgram old_programs[] = {
    migrate_postfix_dnsbl,
    migrate_ldap,
    migrate_policyd_spf,
    migrate_postgrey,
    migrate_opendkim,
    migrate_clamav_milter,
};

// Postern asks no more than the old programs did. DNS lists and directories are off while none is named.
void set_checks(Migration& migration)
{
    Texts checks{"dnsbl", "recipient"};
    for (const auto name : {"spf", "greylist"})
        if (migration.uses_check(name))
            checks.emplace_back(name);
    migration.set({{"postern-policyd", "policyd.checks"}, "", "checks"}, "policyd.checks", checks,
                  Said{Fate::kept, "what the host has asked so far, and no more"});
    if (!migration.uses_check("spf"))
        migration.set({{"postern-milterd", "spf.enable"}, "", "enable"}, "spf.enable", "false",
                      Said{Fate::kept, "nobody evaluates SPF so far; true has Postern do so, and say spf= of every stranger's "
                                       "mail"});
}

// What the settings are worth together is known when all are there.
void check_draft(Migration& migration)
{
    const auto config = read_config({"postern.toml", migration.draft().text()});
    if (config)
        return;
    for (const auto& fault : config.error())
        migration.fault({"the new postern.toml", ""}, fault.what);
}

} // namespace

void migrate_all(Migration& migration)
{
    for (const auto migrate : old_programs)
        migrate(migration);
    if (migration.findings().empty())
        migration.tell({"no old program", migration.host().root() + "/"},
                       {Fate::changed, "none was found that Postern replaces"});
    set_checks(migration);
    check_draft(migration);
}

} // namespace postern
