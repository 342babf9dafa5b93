// postern, the operator's tool: options here, the work in the files beside
#include "common/control_client.h"
#include "common/host_name.h"
#include "common/options.h"
#include "config/check.h"
#include "config/commands/command_line.h"
#include "config/commands/compare_command.h"
#include "config/commands/enable_command.h"
#include "config/commands/health_command.h"
#include "config/commands/migrate_command.h"
#include "config/commands/passed_on.h"
#include "config/control.h"
#include "config/explain.h"
#include "config/main_cf.h"
#include "config/manual.h"
#include "config/migrate/old_options.h"
#include "config/postfix_dnsbl.h"
#include "config/postfix_spf.h"

#include <cstdio>
#include <unistd.h>
#include <fstream>
#include <iterator>

namespace postern {
namespace {

// FILE, or --config FILE as the daemons have it.
void add_config_path(const Command& command, std::string& path)
{
    path = default_config_path;
    command.add_option("FILE,--config", path, "The configuration").show_default();
}

std::string resolv_conf()
{
    std::ifstream file("/etc/resolv.conf");
    return {std::istreambuf_iterator<char>(file), {}};
}

class CheckCommand {
public:
    CheckCommand(const Command& program, int& status)
    {
        const auto command = program.add_command("check", "Say what is wrong with the configuration, and why");
        add_config_path(command, path_);
        command.add_option("--config-dir", postfix_, "That of a Postfix other than the host's").type_name("DIR");
        command.then([this, &status] { status = run(); });
    }

private:
    int run() const
    {
        auto report = check(path_, environment_of(environ), find_daemon,
                            [](const auto& command) { return run_program(command); });
        look_at_postfix(report);
        if (report.is_good)
            report.lines.push_back(path_ + ": no faults");
        const auto printed = print(fmt::format("{}\n", fmt::join(report.lines, "\n")));
        return report.is_good ? printed : 1;
    }

    // A host without a Postfix, or with one that cannot be asked, has nothing to be warned of.
    void look_at_postfix(CheckReport& report) const
    {
        const auto postfix = ask_postconf(postfix_, run_system_program);
        const auto loaded = load_config(path_, environment_of(environ));
        if (!postfix || !loaded)
            return;
        for (const auto& warning : postfix_dnsbl_warnings(*postfix, loaded->config, resolv_conf()))
            report.lines.push_back("warning: Postfix: " + warning);
        if (auto fault = postfix_spf_fault(*postfix, loaded->config, host_name()); !fault.empty()) {
            report.lines.push_back(path_ + ": " + std::move(fault));
            report.is_good = false;
        }
    }

    std::string path_, postfix_;
};

class MainCfCommand {
public:
    MainCfCommand(const Command& program, int& status)
    {
        const auto command = program.add_command("main-cf", "Print the lines that Postfix's main.cf needs");
        add_config_path(command, path_);
        command.add_option("--config-dir", postfix_, "That of a Postfix other than the host's").type_name("DIR");
        command.then([this, &status] { status = run(); });
    }

private:
    int run() const
    {
        auto host = load_host(path_, environment_of(environ));
        if (!host)
            return print_faults(host.error());
        const auto arguments = path_ == default_config_path ? "" : " " + path_;
        const MainCfSource source{arguments,
                                  std::move(host->base.config),
                                  std::move(host->instances),
                                  ask_postconf(postfix_, run_system_program),
                                  PostfixWay::replace,
                                  postfix_};
        return print(fmt::format("{}\n", fmt::join(main_cf(source), "\n")));
    }

    std::string path_, postfix_;
};

// A command that a running daemon answers: reload, status, ping.
class ControlCommand {
public:
    ControlCommand(const Command& program, std::string name, const std::string& text, int& status)
        : name_(std::move(name))
    {
        const auto command = program.add_command(name_, text);
        command.add_option("DAEMON", daemon_, "policyd, milterd or the name of an instance; none: all of them");
        const auto config = command.add_option("--config", path_, "The configuration, for the sockets it names");
        config.show_default().type_name("FILE");
        command.add_option("--control", socket_, "The control socket of one daemon, whatever its configuration")
            .type_name("PATH")
            .excludes(config);
        command.then([this, &status] { status = run(); });
    }

private:
    int run() const
    {
        if (!socket_.empty())
            return ask({{daemon_.empty() ? "daemon" : daemon_, socket_}});
        const auto host = load_host(path_, environment_of(environ));
        if (!host)
            return print_faults(host.error());
        const auto targets = control_targets(*host, daemon_);
        return targets ? ask(*targets) : print_faults({targets.error()});
    }

    int ask(const std::vector<ControlTarget>& targets) const
    {
        const auto report = ask_all(targets, name_, [](const std::string& path, std::string_view command) {
            return ask_control(path, command, std::chrono::seconds(60));
        });
        return print(report.text) == 0 && report.is_good ? 0 : 1;
    }

    std::string name_, daemon_, socket_;
    std::string path_{default_config_path};
};

class ExplainCommand {
public:
    ExplainCommand(const Command& program, int& status)
    {
        const auto command = program.add_command("explain", "Say what the daemons would do with a mail, and why");
        command.add_option("--client", options_.client, "The address of the client").required().type_name("ADDRESS");
        command.add_option("--client-name", options_.client_name, "Its verified name").type_name("NAME");
        command.add_option("--helo", options_.helo, "How it greets").type_name("NAME");
        command.add_option("--sender", options_.sender, "From whom; <> or none: the null sender").type_name("ADDRESS");
        command.add_option("--recipient", options_.recipient, "To whom").type_name("ADDRESS");
        command.add_option("--login", options_.login, "The name it has logged in with").type_name("NAME");
        const auto context =
            command.add_option("--context", options_.context, "The policy_context of a place in main.cf");
        context.type_name("NAMES");
        const auto message = command.add_option("--message", message_,
                                                  "A mail, for postern-milterd; without it postern-policyd is asked");
        message.type_name("FILE").excludes(context);
        command.add_option("--instance", instance_, "The instance of postern-milterd").type_name("NAME").needs(message);
        const auto config = command.add_option("--config", path_, "The configuration").show_default();
        config.type_name("FILE");
        const auto socket = command.add_option("--control", socket_, "The daemon's control socket");
        socket.type_name("PATH").excludes(config).excludes(message);
        command.add_flag("--offline", is_offline_, "Ask no running daemon: its program alone").excludes(socket);
        command.then([this, &status] { status = run(); });
    }

private:
    int run() const
    {
        if (!message_.empty())
            return explain_message();
        if (options_.recipient.empty())
            return print_faults({Error{"--recipient is required"}});
        const auto answer = is_offline_ ? explain_offline(path_, explain_attributes(options_), find_daemon,
                                                          [](const auto& command) { return run_program(command); })
                                        : ask_daemon();
        return answer ? print(*answer) : print_faults({answer.error()});
    }

    Result<std::string> ask_daemon() const
    {
        auto socket = socket_;
        if (socket.empty()) {
            const auto host = load_host(path_, environment_of(environ));
            if (!host)
                return tl::unexpected(host.error().front());
            socket = host->base.config.policyd.control;
        }
        if (socket.empty())
            return fail("policyd has no control socket; try --offline");
        return ask_control(socket, "explain " + explain_attributes(options_), std::chrono::seconds(120));
    }

    int explain_message() const
    {
        std::vector<std::string> line{"--config", path_, "--explain", explain_attributes(options_), "--message", message_};
        if (!instance_.empty())
            line.insert(line.end(), {"--instance", instance_});
        return become("postern-milterd", std::move(line));
    }

    ExplainOptions options_;
    std::string path_{default_config_path};
    std::string message_, instance_;
    std::string socket_;
    bool is_offline_ = false;
};

void add_settings(const Command& program, int& status)
{
    const auto command = program.add_command("settings", "Print every setting");
    const auto kind = command.add_choice("form");
    kind.add_flag("--sample", [&] { status = print(sample_file()); }, "A postern.toml with the defaults");
    kind.add_flag("--manual", [&] { status = print(manual_page()); }, "The manual page postern.toml(5)");
    kind.add_flag("--compatibility", [&] { status = print(compatibility_document()); },
                            "What becomes of the old programs' options");
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    const postern::CommandLine line("Postern beside Postfix: check the configuration, plug it in, talk to the daemons.");
    line.require_command();
    line.set_version("postern " POSTERN_VERSION);
    int status = 0;
    const postern::CheckCommand check(line, status);
    const postern::MainCfCommand main_cf(line, status);
    const postern::EnableCommand enable(line, postern::EnableCommand::Direction::enable, status);
    const postern::EnableCommand disable(line, postern::EnableCommand::Direction::disable, status);
    const postern::MigrateCommand migrate(line, status);
    const postern::CompareCommand compare(line, status);
    const postern::ExplainCommand explain(line, status);
    const postern::ControlCommand reload(line, "reload", "Have running daemons read the configuration again", status);
    const postern::ControlCommand status_of(line, "status", "What running daemons have done so far", status);
    const postern::ControlCommand ping(line, "ping", "Do the daemons answer?", status);
    const postern::HealthCommand health(line, status);
    const postern::PassedOnCommand greylist(
        line, {"greylist", "postern-policyd", "Look into the greylist's store, and change it: see --help"}, status);
    const postern::PassedOnCommand dkim(
        line, {"dkim", "postern-milterd", "Make, publish, exchange and check DKIM keys: see --help"}, status);
    postern::add_settings(line, status);
    return line.parse(argc, argv).value_or(status);
}
