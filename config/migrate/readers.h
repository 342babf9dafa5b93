// readers - the old programs that `postern migrate` knows, in the order of its report
//
// To add one: a file NAME_reader.{h,cc} in this folder with a function that is
// given the Migration, and its line in the table of readers.cc. It finds out by
// itself whether the program is here (migration.host(), migration.postfix()),
// and does nothing if it is not. What it parses it parses with a pure function,
// which has its table of cases and its fuzz target.
#pragma once

#include "config/migrate/migration.h"

namespace postern {

// Each of them, one after the other, and what the result is worth as a whole.
void migrate_all(Migration& migration);

} // namespace postern
