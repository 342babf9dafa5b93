#include "config/commands/enable_command.h"

#include "common/control_client.h"
#include "common/text.h"
#include "config/commands/command_line.h"
#include "config/control.h"
#include "config/enable.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::chrono::seconds ping_limit{10};

// Nobody there to answer is a no.
bool is_agreed_to()
{
    fmt::print("Do it? [y/N] ");
    std::fflush(stdout);
    std::string answer;
    std::getline(std::cin, answer);
    answer = to_lower(trim(answer));
    return answer == "y" || answer == "yes";
}

} // namespace

EnableCommand::EnableCommand(CLI::App& app, Direction direction, int& status)
    : direction_(direction)
{
    const bool is_enable = direction == Direction::enable;
    auto* const command = is_enable ? app.add_subcommand("enable", "Plug the daemons into Postfix")
                                    : app.add_subcommand("disable", "Put Postfix's old lines back");
    if (is_enable) {
        command->add_option("FILE,--config", path_, "The configuration")->capture_default_str();
        command->add_flag("--without-daemons", without_daemons_, "Also if they do not answer now");
    }
    command->add_option("--config-dir", postfix_, "That of a Postfix other than the host's")->type_name("DIR");
    command->add_flag("-y,--yes", is_sure_, "Do not ask");
    command->add_flag("-n,--dry-run", is_trial_, "Show what would change, and change nothing");
    command->callback([this, &status] { status = run(); });
}

int EnableCommand::run() const
{
    const auto directory = postfix_directory();
    return directory ? ask_and_change({*directory, run_system_program}) : print_faults({directory.error()});
}

Result<std::string> EnableCommand::postfix_directory() const
{
    if (!postfix_.empty())
        return postfix_;
    const auto answer = run_system_program({"postconf", "-h", "config_directory"});
    if (!answer)
        return tl::unexpected(answer.error());
    if (answer->status != 0)
        return fail("postconf: {}", printable(trim(answer->text)));
    return std::string(trim(answer->text));
}

int EnableCommand::ask_and_change(const PostfixFiles& files) const
{
    Result<PostfixChange> change;
    if (direction_ == Direction::disable) {
        change = plan_disable(files);
    } else {
        auto host = load_host(path_, environment_of(environ));
        if (!host)
            return print_faults(host.error());
        if (const auto answering = daemons_answer(*host); !answering && !without_daemons_ && !is_trial_)
            return print_faults({answering.error()});
        change = plan_enable(files, std::move(*host));
    }
    if (!change)
        return print_faults({change.error()});

    for (const auto& remark : change->remarks)
        fmt::print("{}\n", remark);
    if (change->difference.empty() && change->wanted != change->before)
        return print(fmt::format("{}: nothing to do\n", files.directory()));
    if (const int shown = print(change->difference); shown != 0 || is_trial_)
        return shown;
    if (!is_sure_ && !is_agreed_to())
        return print_faults({Error{"nothing was changed"}});

    const auto changed = make_change(files, *change);
    if (!changed)
        return print_faults({changed.error()});
    const auto* const postfix = changed->was_reloaded ? "Postfix is reloaded" : "Postfix does not run";
    if (direction_ == Direction::disable)
        return print(fmt::format("Postern is out of {}. {}.\n", files.directory(), postfix));
    return print(fmt::format("Postern is plugged into {0}. {1}. The old files are {0}/*.before-postern; \"postern "
                             "disable\" is the way back.\n",
                             files.directory(), postfix));
}

Result<> EnableCommand::daemons_answer(const LoadedHost& host) const
{
    const auto targets = control_targets(host, "");
    if (!targets)
        return tl::unexpected(targets.error());
    const auto report = ask_all(*targets, "ping", [](const std::string& path, std::string_view command) {
        return ask_control(path, command, ping_limit);
    });
    if (report.is_good)
        return {};
    return fail("{}Postfix would wait for a daemon that does not answer. Start it, and try again", report.text);
}

} // namespace postern
