#include "config/commands/command_line.h"

#include "config/check.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
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

int become(const std::string& daemon, std::vector<std::string> words)
{
    auto program = find_daemon(daemon);
    if (program.empty())
        return print_faults({Error{daemon + ": not installed here"}});
    words.insert(words.begin(), program);
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    return print_faults({Error{fmt::format("{}: {}", program, std::strerror(errno))}});
}

} // namespace postern
