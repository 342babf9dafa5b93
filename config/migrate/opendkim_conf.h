// opendkim_conf - what opendkim is told: opendkim.conf(5) and its command line
//
// A line is a name, blanks and the rest, which is the value; # begins a comment
// wherever it stands; nothing goes on in the next line; how a name is written
// does not matter. Tried against opendkim 2.11 itself (`opendkim -n`).
// Pure: text in, options out. Which names there are, old_options.h knows.
// Failure: a fault has its line, and the rest is read.
#pragma once

#include "config/migrate/migration.h"
#include "config/migrate/start_command.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct OpendkimLine {
    int line = 0;
    std::string name, value;
};

struct OpendkimFault {
    int line = 0;
    std::string what;
};

struct OpendkimConf {
    std::vector<OpendkimLine> lines;
    std::vector<OpendkimFault> faults;
};

OpendkimConf parse_opendkim_conf(std::string_view text);

// By the first letter, as opendkim does: "Yes", "true", "1"; "no", "F", "0". None of these: nullopt.
std::optional<bool> opendkim_flag(std::string_view value);

struct OpendkimCommandLine {
    std::vector<MetOption> options; // by the name that opendkim.conf has for it, where it has one
    std::vector<StartFault> faults;
    std::string file; // of -x; empty: the default one
};

// `words`: without the program. As getopt(3) reads them: -x FILE, -xFILE, -lf.
OpendkimCommandLine parse_opendkim_command_line(const std::vector<StartWord>& words);

} // namespace postern
