// start_command - the words with which a host starts a program
//
// Those of the unit that systemd would take, with its drop-ins, its variables
// and the files of variables that it names: systemd.unit(5), systemd.service(5)
// "COMMAND LINES", systemd.exec(5). The variables of the file in /etc/default
// count in any case: a host without systemd has them alone.
// Failure: a fault for a file that cannot be read, or a line that cannot; the
// rest is read.
#pragma once

#include "config/migrate/old_host.h"
#include "config/migrate/old_line.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct UnitLine {
    std::string section, name, value; // "Service", "ExecStart"; lines that go on made one
    int line = 0;
};

// The text of a unit or drop-in. Pure.
std::vector<UnitLine> parse_unit(std::string_view text);

struct StartWord {
    std::string text;
    OldLine at; // a word of a variable: where that is set
};

struct StartVariable {
    std::string value;
    OldLine at;
};

struct StartFault {
    OldLine at;
    std::string what;
};

struct ProgramStart {
    std::vector<std::vector<StartWord>> commands; // each ExecStart, the program first; none: no unit
    std::map<std::string, StartVariable, std::less<>> variables;
    std::vector<StartFault> faults;
};

// `name`: of the program, its unit and its file in /etc/default.
ProgramStart find_start(const OldHost& host, const std::string& name);

} // namespace postern
