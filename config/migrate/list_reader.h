// list_reader - a list file of an old program, as Postern will read it
//
// What it will not take is a fault with its line; what it takes otherwise is
// told. Failure: all of it is in the findings.
#pragma once

#include "config/migrate/migration.h"

#include <string>

namespace postern {

enum class ListOf { clients, recipients };

void read_list(Migration& migration, const std::string& program, const std::string& file, ListOf kind);

// "path:12: what", as faults of files are told, in its parts.
struct PlacedFault {
    int line = 0;
    std::string what;
};
PlacedFault placed_fault(std::string_view text, std::string_view path);

} // namespace postern
