// validate - settings that are fine one by one, but not together
//
// Nothing is opened and nobody asked; only whether keys are managed is looked for.
#pragma once

#include "config/entries.h"

#include <map>
#include <string>
#include <vector>

namespace postern {

// A configuration as one daemon or instance will use it, and where its values come from: by
// "section.name", of an element of a repeated section by "section.0". A default has no origin.
struct ConfigCandidate {
    std::string instance; // empty: none
    Config config;
    std::map<std::string, SettingOrigin, std::less<>> origins; // see below
};

struct ConfigProblems {
    std::vector<ConfigFault> faults;
    std::vector<ConfigFault> warnings;
};

// `path` is told of a setting that is at its default.
void validate(const ConfigCandidate& candidate, std::string_view path, ConfigProblems& problems);

// Each has sockets of its own. The first candidate is that without an instance.
void validate_sockets(const std::vector<ConfigCandidate>& candidates, std::string_view path, ConfigProblems& problems);

} // namespace postern
