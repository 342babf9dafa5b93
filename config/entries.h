// entries - what postern.toml sets, entry by entry
//
// Knows TOML and the table of settings, and no more: each value is of the
// right kind for its setting, its limits are for read_config. The only file
// that includes toml++.
#pragma once

#include "config/setting.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

// Where something stands. Faults are told in the order of `line`; the environment comes after the file.
struct SettingOrigin {
    static constexpr int environment_line = 1 << 30;

    int line = 0;
    std::string text; // "postern.toml:12: greylist.delay", "environment: POSTERN_GREYLIST_DELAY"
};

struct ConfigFault {
    SettingOrigin origin;
    std::string what;
};

struct SettingEntry {
    const Setting* setting;
    std::string instance; // of a section per instance; empty: the section itself
    int element = -1;     // of a repeated section: which
    Texts items;          // the value; but for lists exactly one
    SettingOrigin origin;
};

struct SettingEntries {
    std::vector<SettingEntry> entries;
    Texts instances;                                                   // NAME of each [milterd.NAME]
    std::map<std::string, std::vector<SettingOrigin>, std::less<>> elements; // of repeated sections, where they begin
    std::vector<ConfigFault> faults;
};

// `path` is only for the faults.
SettingEntries read_entries(std::string_view toml_text, std::string_view path);

} // namespace postern
