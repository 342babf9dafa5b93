// finding - what `postern migrate` has found, and what becomes of it
//
// One for each option, list and file that it has met. The report has them by
// program and file, in the order of the lines, and counts them at its end.
// Pure. What old files hold is made printable here.
#pragma once

#include "config/migrate/old_line.h"

#include <span>
#include <string>

namespace postern {

// Fate (old_options.h), and what cannot be read or cannot be.
enum class Outcome { kept, changed, refused, fault };

struct Finding {
    OldLine at;
    std::string option; // as it is written there; empty: the file, or the line as a whole
    Outcome outcome{};
    std::string setting{}; // "greylist.delay = \"300s\""; empty: none
    std::string note{}; // one sentence
};

bool has(std::span<const Finding> findings, Outcome outcome);

std::string report(std::span<const Finding> findings);

} // namespace postern
