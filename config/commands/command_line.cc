#include "config/commands/command_line.h"

#include <cstdio>
#include <unistd.h>

namespace postern {

int print(std::string_view text)
{
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}

int print_faults(const std::vector<Error>& faults)
{
    for (const auto& fault : faults)
        fmt::print(stderr, "{}\n", fault.what);
    return 1;
}

Result<ProgramAnswer> run_system_program(std::vector<std::string> command)
{
    auto answer = run_program(command);
    const auto installed = "/usr/sbin/" + command.front();
    if (answer || ::access(installed.c_str(), X_OK) != 0)
        return answer;
    command.front() = installed;
    return run_program(command);
}

} // namespace postern
