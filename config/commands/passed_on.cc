#include "config/commands/passed_on.h"

#include "config/commands/command_line.h"

#include <CLI/CLI.hpp>
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
    std::vector<std::string> line{"--config", path_, names_.command};
    line.insert(line.end(), words.begin(), words.end());
    return become(names_.daemon, std::move(line));
}

} // namespace postern
