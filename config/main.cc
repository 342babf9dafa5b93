// postern, the operator's tool: options here, the work in the files beside
#include "config/manual.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace postern {
namespace {

int print(const std::string& text)
{
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}

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
    postern::add_settings(app, status);
    CLI11_PARSE(app, argc, argv);
    return status;
}
