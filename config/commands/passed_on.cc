#include "config/commands/passed_on.h"

#include "config/commands/command_line.h"

#include <utility>

namespace postern {

PassedOnCommand::PassedOnCommand(const Command& program, Names names, int& status)
    : names_(std::move(names))
{
    const auto command = program.add_command(names_.command, names_.text);
    command.leave_words_alone();
    command.add_option("--config", path_, "The configuration").type_name("FILE");
    command.then([this, command, &status] { status = run(command.words()); });
}

int PassedOnCommand::run(const std::vector<std::string>& words) const
{
    std::vector<std::string> line{"--config", path_, names_.command};
    line.insert(line.end(), words.begin(), words.end());
    return become(names_.daemon, std::move(line));
}

} // namespace postern
