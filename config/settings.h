// settings - the operator's configuration, read and checked
//
//     const auto loaded = load_config(path, environment_of(environ), instance);
//     if (!loaded)
//         ... print each of loaded.error(), exit 1
//
// The defaults are in the table (setting.h), the file is TOML, and the
// environment has the last word: POSTERN_SECTION_NAME, or
// POSTERN_SECTION_NAME_FILE with the name of a file that holds the value.
// Failure: every fault is reported, not only the first, as "path:line:
// section.name: what" or "environment: POSTERN_X: what". What is odd but
// harmless is a warning.
// See: postern.toml(5)
#pragma once

#include "common/result.h"
#include "config/config.h"
#include "config/environment.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

constexpr std::string_view default_config_path = "/etc/postern/postern.toml";

struct LoadedConfig {
    Config config;
    std::vector<std::string> warnings;
    Texts instances; // every NAME of [milterd.NAME]
};

// `path` empty: no file. The default path need not exist: then all settings but those of the
// environment are at their defaults, and a warning says so. `instance` empty: none. All
// instances are checked, whichever is asked for.
tl::expected<LoadedConfig, std::vector<Error>> load_config(const std::string& path, const Environment& environment,
                                                           std::string_view instance = {});

// The configuration of each instance of postern-milterd, too.
struct InstanceConfig {
    std::string name;
    Config config;
};
struct LoadedHost {
    LoadedConfig base;
    std::vector<InstanceConfig> instances;
};
tl::expected<LoadedHost, std::vector<Error>> load_host(const std::string& path, const Environment& environment);

// The settings that differ and that the running daemon cannot take over, as "policyd.listen".
enum class Daemon { policyd, milterd };
std::vector<std::string> need_restart(const Config& running, const Config& wanted, Daemon daemon);

} // namespace postern
