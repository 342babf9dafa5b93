#include "common/control_request.h"

#include <algorithm>

namespace postern {

Result<ControlRequest> parse_control_request(std::string_view line)
{
    if (std::any_of(line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }))
        return fail("the request holds control characters");
    const auto blank = line.find(' ');
    if (line.empty() || blank == 0)
        return fail("the request names no command");
    const auto arguments = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    return ControlRequest{std::string(line.substr(0, blank)), std::string(arguments)};
}

} // namespace postern
