// read_config - one configuration from defaults, file and environment
//
// The defaults first, then the file, then the environment; for an instance
// then its own sections of the file, and of the environment. Pure: what the
// environment names as a file is read by `read_file`.
// See: settings.h, which is for the daemons
#pragma once

#include "config/settings.h"

namespace postern {

struct ConfigSource {
    std::string path; // for the faults
    std::string toml;
    Environment environment{};
    ReadFile read_file{};
    bool is_readable_by_all = false; // the file
};

tl::expected<LoadedConfig, std::vector<Error>> read_config(const ConfigSource& source, std::string_view instance = {});

} // namespace postern
