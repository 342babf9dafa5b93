#include "config/commands/health_command.h"

#include "common/read_file.h"
#include "config/commands/command_line.h"

#include <algorithm>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::chrono::seconds limit{15};

// What the image's start has written down of itself: container/render_services.cc
constexpr const char* image_plan = "/run/postern/health";

} // namespace

HealthCommand::HealthCommand(const Command& program, int& status)
{
    plan_.recipient = "postmaster"; // RFC 5321 4.5.1
    const auto text = read_file(image_plan, 4096);
    if (const auto plan = text ? parse_health_plan(*text) : tl::unexpected(text.error()); plan) {
        plan_ = *plan;
        is_image_ = true;
    }
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
    const auto tell = [&](const std::string& name, bool is_switched_off, auto ask) {
        const bool is_named = std::find(only_.begin(), only_.end(), name) != only_.end();
        if (!is_named && (!only_.empty() || is_switched_off))
            return;
        const Result<> result = ask();
        is_well = print(fmt::format("{}: {}\n", name, result ? "ok" : result.error().what)) == 0 && result && is_well;
    };
    tell("policyd", is_image_ && plan_.policyd.empty(), [&] { return check_policyd(loaded->config.policyd.listen, limit); });
    tell("milterd", is_image_ && plan_.milterd.empty(), [&] { return check_milterd(loaded->config.milterd.listen, limit); });
    tell("smtp", false, [&] { return check_smtp(plan_, limit); });
    return is_well ? 0 : 1;
}

} // namespace postern
