// passed_on - a command of the tool that a daemon's program does in its place
//
// What a greylist's store holds or how a key is made is the daemon's to know:
// `postern greylist ...` becomes `postern-policyd --config FILE greylist ...`,
// and `--help` is its own.
#pragma once

#include "common/options.h"
#include "config/settings.h"

#include <string>
#include <vector>

namespace postern {

class PassedOnCommand {
public:
    struct Names {
        std::string command; // "greylist"
        std::string daemon;  // "postern-policyd"
        std::string text;    // for the tool's own help
    };

    PassedOnCommand(const Command& program, Names names, int& status);

private:
    int run(const std::vector<std::string>& words) const;

    Names names_;
    std::string path_{default_config_path};
};

} // namespace postern
