// migrate_command - `postern migrate`
//
// Reads the old programs' files, of this host or below a directory, and writes
// a new postern.toml and a report of every option that was met. Nothing else is
// changed. The exit status is 0 if both were written, 1 if there were refused
// options or faults among them, or a file could not be written, and more if the
// command line is wrong.
#pragma once

#include "common/options.h"
#include "common/whole_file.h"
#include "config/migrate/migration.h"

#include <string>

namespace postern {

class MigrateCommand {
public:
    MigrateCommand(const Command& program, int& status);

private:
    int run() const;
    Result<> write(const std::string& path, const std::string& text, const FileAccess& access) const;

    std::string root_;
    std::string output_{"-"}, report_{"-"};
    bool is_forced_ = false;
};

} // namespace postern
