#include "config/commands/enable_command.h"

#include "common/control_client.h"
#include "common/text.h"
#include "config/commands/command_line.h"
#include "config/commands/switch_over.h"
#include "config/control.h"
#include "config/enable.h"

#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::chrono::seconds ping_limit{10};

// Nobody there to answer is a no.
bool has_said_yes()
{
    fmt::print("Do it? [y/N] ");
    std::fflush(stdout);
    std::string answer;
    std::getline(std::cin, answer);
    answer = to_lower(trim(answer));
    return answer == "y" || answer == "yes";
}

const char* reloaded(const PostfixChanged& changed)
{
    return changed.was_reloaded ? "Postfix is reloaded" : "Postfix does not run";
}

} // namespace

EnableCommand::EnableCommand(const Command& program, Direction direction, int& status)
    : direction_(direction)
{
    const bool is_enable = direction == Direction::enable;
    const auto command = is_enable ? program.add_command("enable", "Plug the daemons into Postfix")
                                   : program.add_command("disable", "Put Postfix's old lines back");
    if (is_enable) {
        command.add_option("FILE,--config", path_, "The configuration").show_default();
        command.add_flag("--without-daemons", without_daemons_, "Also if they do not answer now");
        const auto observe = command.add_flag("--observe", observes_, "Only to see what they would say; nothing changes");
        const auto replace = command.add_flag("--replace", replaces_, "Take the greylist over, and stop the old programs");
        replace.excludes(observe);
        command.add_option("--postgrey", postgrey_, "postgrey's folder").show_default().type_name("DIR").needs(replace);
        command.add_flag("--without-greylist", without_greylist_, "Do not take it over").needs(replace);
        command.add_option("--patience", patience_, "How long to wait for sessions that began before")
            .show_default()
            .type_name("SECONDS")
            .between(0, 86400)
            .needs(replace);
    }
    command.add_option("--config-dir", postfix_, "That of a Postfix other than the host's").type_name("DIR");
    command.add_flag("-y,--yes", is_sure_, "Do not ask");
    command.add_flag("-n,--dry-run", is_trial_, "Show what would change, and change nothing");
    command.then([this, &status] { status = run(); });
}

int EnableCommand::run() const
{
    const auto directory = postfix_directory();
    if (!directory)
        return print_faults({directory.error()});
    const PostfixFiles files(*directory, run_system_program);
    return direction_ == Direction::enable ? enable(files) : disable(files);
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

int EnableCommand::enable(const PostfixFiles& files) const
{
    auto host = load_host(path_, environment_of(environ));
    if (!host)
        return print_faults(host.error());
    if (const auto answering = daemons_answer(*host); !answering && !without_daemons_ && !is_trial_)
        return print_faults({answering.error()});
    auto change = plan_enable(files, std::move(*host), observes_ ? PostfixWay::observe : PostfixWay::replace);
    if (!change)
        return print_faults({change.error()});
    if (replaces_)
        return replace(files, std::move(*change));
    for (const auto& remark : change->remarks)
        fmt::print("{}\n", remark);
    if (change->difference.empty())
        return print(fmt::format("{}: nothing to do\n", files.directory()));
    const auto agreed = is_agreed_to(*change);
    if (!agreed || !*agreed)
        return agreed ? 0 : print_faults({agreed.error()});

    const auto changed = make_change(files, *change);
    if (!changed)
        return print_faults({changed.error()});
    return print(fmt::format("Postern is plugged into {0}{1}. {2}. The old files are {0}/*.before-postern; \"postern "
                             "disable\" is the way back.\n",
                             files.directory(), observes_ ? " and observes" : "", reloaded(*changed)));
}

int EnableCommand::replace(const PostfixFiles& files, PostfixChange change) const
{
    SwitchOver switch_over(files, run_system_program,
                           {path_, without_greylist_ ? "" : postgrey_, std::chrono::seconds(patience_)});
    if (const auto planned = switch_over.plan(change); !planned)
        return print_faults({planned.error()});
    for (const auto& remark : switch_over.remarks())
        fmt::print("{}\n", remark);
    if (!switch_over.has_work())
        return print(fmt::format("{}: nothing to do\n", files.directory()));
    change.difference = switch_over.difference();
    const auto agreed = is_agreed_to(change);
    if (!agreed || !*agreed)
        return agreed ? 0 : print_faults({agreed.error()});
    return switch_over.carry_out();
}

// The old programs come first: Postfix asks them from the moment that it has its old lines.
int EnableCommand::disable(const PostfixFiles& files) const
{
    const auto change = plan_disable(files);
    if (!change)
        return print_faults({change.error()});
    const auto agreed = is_agreed_to(*change);
    if (!agreed || !*agreed)
        return agreed ? 0 : print_faults({agreed.error()});

    const OldServices services(files.directory(), run_system_program);
    const auto started = services.start_again();
    if (!started)
        return print_faults({Error{"Postfix was not changed: " + started.error().what}});
    for (const auto& line : *started)
        fmt::print("{}\n", line);
    const auto changed = make_change(files, *change);
    if (!changed)
        return print_faults({changed.error()});
    services.forget();
    return print(fmt::format("Postern is out of {}. {}.\n", files.directory(), reloaded(*changed)));
}

// False: it was for show only.
Result<bool> EnableCommand::is_agreed_to(const PostfixChange& change) const
{
    if (print(change.difference) != 0)
        return fail("the output cannot be written");
    if (is_trial_)
        return false;
    if (!is_sure_ && !has_said_yes())
        return fail("nothing was changed");
    return true;
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
