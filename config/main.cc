// postern, the operator's tool: options here, the work in the files beside
#include "config/check.h"
#include "config/main_cf.h"
#include "config/manual.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace postern {
namespace {

int print(const std::string& text)
{
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}

int print_faults(const std::vector<Error>& faults)
{
    for (const auto& fault : faults)
        fmt::print(stderr, "{}\n", fault.what);
    return 1;
}

// FILE, or --config FILE as the daemons have it.
void add_config_path(CLI::App& command, std::string& path)
{
    path = default_config_path;
    command.add_option("FILE,--config", path, "The configuration")->capture_default_str();
}

class CheckCommand {
public:
    CheckCommand(CLI::App& app, int& status)
    {
        auto* const command = app.add_subcommand("check", "Say what is wrong with the configuration, and why");
        add_config_path(*command, path_);
        command->callback([this, &status] { status = run(); });
    }

private:
    int run() const
    {
        auto report = check(path_, environment_of(environ), find_daemon,
                            [](const auto& command) { return run_program(command); });
        if (report.is_good)
            report.lines.push_back(path_ + ": no faults");
        const auto printed = print(fmt::format("{}\n", fmt::join(report.lines, "\n")));
        return report.is_good ? printed : 1;
    }

    std::string path_;
};

class MainCfCommand {
public:
    MainCfCommand(CLI::App& app, int& status)
    {
        auto* const command = app.add_subcommand("main-cf", "Print the lines that Postfix's main.cf needs");
        add_config_path(*command, path_);
        command->add_option("--config-dir", postfix_, "That of a Postfix other than the host's")->type_name("DIR");
        command->callback([this, &status] { status = run(); });
    }

private:
    int run() const
    {
        const auto environment = environment_of(environ);
        auto loaded = load_config(path_, environment);
        if (!loaded)
            return print_faults(loaded.error());
        const auto arguments = path_ == default_config_path ? "" : " " + path_;
        MainCfSource source{arguments, std::move(loaded->config), {}, ask_postconf(postfix_, run_postconf)};
        for (const auto& name : loaded->instances)
            if (auto instance = load_config(path_, environment, name))
                source.instances.push_back({name, std::move(instance->config)});
        return print(fmt::format("{}\n", fmt::join(main_cf(source), "\n")));
    }

    static Result<ProgramAnswer> run_postconf(std::vector<std::string> command)
    {
        auto answer = run_program(command);
        constexpr auto installed = "/usr/sbin/postconf"; // which is not in the PATH of everyone
        if (answer || ::access(installed, X_OK) != 0)
            return answer;
        command.front() = installed;
        return run_program(command);
    }

    std::string path_, postfix_;
};

void add_settings(CLI::App& app, int& status)
{
    auto* const command = app.add_subcommand("settings", "Print every setting");
    auto* const kind = command->add_option_group("form")->require_option(1);
    kind->add_flag_callback("--sample", [&] { status = print(sample_file()); }, "A postern.toml with the defaults");
    kind->add_flag_callback("--manual", [&] { status = print(manual_page()); }, "The manual page postern.toml(5)");
}

} // namespace
} // namespace postern

int main(int argc, char** argv)
{
    CLI::App app("Postern beside Postfix: check the configuration, plug it in, talk to the daemons.");
    app.require_subcommand(1);
    int status = 0;
    const postern::CheckCommand check(app, status);
    const postern::MainCfCommand main_cf(app, status);
    postern::add_settings(app, status);
    CLI11_PARSE(app, argc, argv);
    return status;
}
