// A line of the control socket is a command with its arguments, and nothing of it is lost.
#include "common/control_request.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto request = postern::parse_control_request(line);
    if (!request)
        return request.error().what.empty() ? std::abort(), 0 : 0;
    const auto& [command, arguments] = *request;
    if (command.empty() || command.find(' ') != std::string::npos || line.find('\n') != std::string_view::npos)
        std::abort();
    if (command != line && command + " " + arguments != line)
        std::abort();
    return 0;
}
