// policyd_spf_settings - what a line of policyd-spf.conf(5) is in postern.toml
#pragma once

#include "config/migrate/migration.h"

namespace postern {

void take_policyd_spf_setting(Migration& migration, const MetOption& option);

} // namespace postern
