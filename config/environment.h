// environment - settings from environment variables
//
//     POSTERN_GREYLIST_DELAY=10m                     [greylist] delay
//     POSTERN_MILTERD_SUBMISSION_DEADLINE=60s        [milterd.submission] deadline, if the file has that instance
//     POSTERN_DKIM_DOMAIN_1_SELECTOR=mail            one more [[dkim.domain]], by a number from 1 to 99
//     POSTERN_DKIM_DOMAIN_1_SELECTOR_FILE=/run/x     the same, from a file: one newline at its end is not of the value
//
// Failure: a file that cannot be read, and both forms of one name, are
// faults. A name that is none of ours is a warning: Kubernetes puts
// POSTERN_PORT=tcp://... there for a service called postern.
#pragma once

#include "common/result.h"
#include "config/setting.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

using Environment = std::map<std::string, std::string>;

// The POSTERN_ ones of environ(7).
Environment environment_of(const char* const* environ);

// The content of a file. Bounded: a setting is not a film.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

struct EnvironmentSetting {
    const Setting* setting;
    std::string instance; // per instance: its name; else empty
    int number = 0;       // repeated: which entry
    std::string variable; // as it is set, for faults
    std::string text;
};

struct EnvironmentSettings {
    std::vector<EnvironmentSetting> settings; // entries of a repeated section by number
    std::vector<Error> faults;
    std::vector<std::string> warnings;
};

EnvironmentSettings read_environment(const Environment& environment, const Texts& instances, const ReadFile& read_file);

// "POSTERN_GREYLIST_DELAY"; for a repeated section "POSTERN_DKIM_DOMAIN_N_KEY".
std::string variable_of(const Setting& setting);

} // namespace postern
