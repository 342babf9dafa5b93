// control - which daemons a command of the tool is for, and what they say
//
// No name means all that the configuration has: policyd, milterd, and each
// instance of it. Failure: a daemon that cannot be asked, or says no, is told
// of in its line; the others are asked all the same.
#pragma once

#include "common/result.h"
#include "config/settings.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct ControlTarget {
    std::string name; // "policyd", "milterd", or that of an instance
    std::string path; // of its control socket; empty: it has none
};

Result<std::vector<ControlTarget>> control_targets(const LoadedHost& host, std::string_view name);

struct ControlReport {
    std::string text; // a line, or more, for each: "policyd: ..."
    bool is_good = true;
};

using AskControl = std::function<Result<std::string>(const std::string& path, std::string_view command)>;
ControlReport ask_all(const std::vector<ControlTarget>& targets, std::string_view command, const AskControl& ask);

} // namespace postern
