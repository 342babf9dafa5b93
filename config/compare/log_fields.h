// log_fields - a line of Postern's log, read back: the reverse of common/log_line
//
//     event=decision action=dunno would=reject spf="would-reject fail 85us"
//     {"event":"decision","action":"dunno",...}
//
// Pure. None: it is neither, or broken off.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

class LogFieldsRead {
public:
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    const std::string& value(std::string_view name) const; // empty: not there
    bool has(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

std::optional<LogFieldsRead> read_log_fields(std::string_view line);

} // namespace postern
