// compare_command - `postern compare`: would Postern have done what the old programs did?
//
// The exit status is 0 if nothing differs, 1 if something does, 2 if it could
// not be compared.
#pragma once

#include "common/options.h"
#include "config/compare/log_source.h"
#include "config/compare/log_time.h"
#include "config/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace postern {

class CompareCommand {
public:
    CompareCommand(const Command& program, int& status);

private:
    int run() const;
    Result<std::vector<LogSource>> open(std::optional<LogTime> since) const;

    std::vector<std::string> logs_; // none: the host's
    std::string since_;
    std::string path_{default_config_path};
};

} // namespace postern
