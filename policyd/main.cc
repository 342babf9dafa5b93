// postern-policyd - the Postfix policy daemon: one question, one answer
#include "config/settings.h"
#include "policyd/startup.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <fmt/format.h>

int main(int argc, char** argv)
{
    try {
        CLI::App app("Answers Postfix's check_policy_service: SPF and greylisting.", "postern-policyd");
        std::string config_path(postern::default_config_path);
        std::string path_to_check;
        app.add_option("--config", config_path, "The configuration file")->type_name("FILE");
        app.add_option("--check", path_to_check, "Read this configuration file, print its faults, and end")
            ->type_name("FILE");
        app.set_version_flag("--version", "postern-policyd " POSTERN_VERSION);
        CLI11_PARSE(app, argc, argv);

        if (!path_to_check.empty())
            return postern::check_policyd(path_to_check);
        return postern::run_policyd(config_path);
    } catch (const std::exception& exception) {
        fmt::print(stderr, "postern-policyd: {}\n", exception.what());
        return 1;
    }
}
