#include "config/commands/passed_on.h"

#include "config/check.h"
#include "config/commands/command_line.h"

#include <cerrno>
#include <CLI/CLI.hpp>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace postern {

PassedOnCommand::PassedOnCommand(CLI::App& app, Names names, int& status)
    : names_(std::move(names))
{
    auto* const command = app.add_subcommand(names_.command, names_.text);
    command->set_help_flag();
    command->prefix_command();
    command->add_option("--config", path_, "The configuration")->type_name("FILE");
    command->callback([this, command, &status] { status = run(command->remaining()); });
}

int PassedOnCommand::run(const std::vector<std::string>& words) const
{
    const auto program = find_daemon(names_.daemon);
    if (program.empty())
        return print_faults({Error{names_.daemon + ": not installed here"}});
    std::vector<std::string> line{program, "--config", path_, names_.command};
    line.insert(line.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (auto& word : line)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    return print_faults({Error{fmt::format("{}: {}", program, std::strerror(errno))}});
}

} // namespace postern
