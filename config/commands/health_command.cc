#include "config/commands/health_command.h"

#include "config/commands/command_line.h"

#include <algorithm>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::chrono::seconds limit{15};

} // namespace

HealthCommand::HealthCommand(const Command& program, int& status)
{
    plan_.recipient = "postmaster"; // RFC 5321 4.5.1
    const auto command = program.add_command("health", "Does mail get through? Asks the daemons as Postfix does, and Postfix up to RCPT TO");
    command.add_option("WHAT", only_, "policyd, milterd, smtp; none: all three").one_of({"policyd", "milterd", "smtp"});
    command.add_option("--smtp", plan_.smtp, "Where Postfix listens").show_default().type_name("ADDRESS");
    command.add_option("--recipient", plan_.recipient, "To whom, for RCPT TO").show_default().type_name("ADDRESS");
    command.add_flag("--proxy", plan_.speaks_proxy, "Postfix expects the header of HAProxy there");
    command.add_option("--config", path_, "The configuration, for the sockets it names").show_default().type_name("FILE");
    command.then([this, &status] { status = run(); });
}

int HealthCommand::run() const
{
    const auto loaded = load_config(path_, environment_of(environ));
    if (!loaded)
        return print_faults(loaded.error());
    bool is_well = true;
    const auto tell = [&](const std::string& name, auto ask) {
        if (!only_.empty() && std::find(only_.begin(), only_.end(), name) == only_.end())
            return;
        const Result<> result = ask();
        is_well = print(fmt::format("{}: {}\n", name, result ? "ok" : result.error().what)) == 0 && result && is_well;
    };
    tell("policyd", [&] { return check_policyd(loaded->config.policyd.listen, limit); });
    tell("milterd", [&] { return check_milterd(loaded->config.milterd.listen, limit); });
    tell("smtp", [&] { return check_smtp(plan_, limit); });
    return is_well ? 0 : 1;
}

} // namespace postern
