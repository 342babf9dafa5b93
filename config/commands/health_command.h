// health_command - `postern health`: does mail get through?
//
// Each daemon is asked at the socket where Postfix asks it, and Postfix as deep
// as RCPT TO; each in a line of its own. `postern ping` asks the daemons alone,
// at their control sockets. In a container of the image, what its start has
// not switched on is not asked unless it is named.
// The exit status is 0 if all that was asked is well, else 1.
// See: config/health/health.h
#pragma once

#include "common/options.h"
#include "config/health/health.h"
#include "config/settings.h"

#include <string>
#include <vector>

namespace postern {

class HealthCommand {
public:
    HealthCommand(const Command& program, int& status);

private:
    int run() const;

    HealthPlan plan_;
    bool is_image_ = false;
    std::vector<std::string> only_; // policyd, milterd, smtp; none: all
    std::string path_{default_config_path};
};

} // namespace postern
