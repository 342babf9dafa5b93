#include "config/commands/migrate_command.h"

#include "config/commands/command_line.h"
#include "config/migrate/readers.h"

#include <filesystem>

namespace postern {
namespace {

// A host without Postfix has none; one whose files postconf does not understand is told of, and the rest goes on.
Migration begin(OldHost host)
{
    auto postfix = read_old_postfix(host, run_system_program);
    Migration migration(std::move(host), postfix ? *postfix : OldPostfix());
    if (!postfix)
        migration.fault({"Postfix", "/etc/postfix/main.cf"}, postfix.error().what);
    return migration;
}

} // namespace

MigrateCommand::MigrateCommand(const Command& program, int& status)
{
    const auto command = program.add_command("migrate", "Make a postern.toml from what the old programs were told");
    command.add_option("--root", root_, "Read the files below this directory, not the host's")
        .existing_directory()
        .type_name("DIR");
    command.add_option("--output", output_, "Where the new postern.toml goes; -: to stdout")
        .show_default()
        .type_name("FILE");
    command.add_option("--report", report_, "Where the report goes; -: to stdout, or to stderr if that has the other")
        .show_default()
        .type_name("FILE");
    command.add_flag("--force", is_forced_, "Replace files that are there");
    command.then([this, &status] { status = run(); });
}

int MigrateCommand::run() const
{
    for (const auto& path : {output_, report_})
        if (std::error_code error; path != "-" && !is_forced_ && std::filesystem::exists(path, error))
            return print_faults({Error{path + ": exists already; --force replaces it"}});

    auto migration = begin(OldHost(root_));
    migrate_all(migration);
    const auto& findings = migration.findings();
    const auto toml = migration.draft().text();
    if (const auto written = write(output_, toml, {migration.draft().has_secret() ? 0600U : 0644U}); !written)
        return print_faults({written.error()});
    if (report_ == "-" && output_ == "-")
        fmt::print(stderr, "{}", report(findings));
    else if (const auto written = write(report_, report(findings), {0644}); !written)
        return print_faults({written.error()});
    return has(findings, Outcome::refused) || has(findings, Outcome::fault) ? 1 : 0;
}

Result<> MigrateCommand::write(const std::string& path, const std::string& text, const FileAccess& access) const
{
    if (path == "-")
        return print(text) == 0 ? Result<>{} : fail("stdout: cannot be written");
    return is_forced_ ? replace_file(path, text, access) : create_file(path, text, access);
}

} // namespace postern
