// old_line - where something stands in the files of an old program
#pragma once

#include <fmt/format.h>
#include <string>

namespace postern {

struct OldLine {
    std::string program; // "postgrey"
    std::string file{}; // as the program knows it: below --root, too, "/etc/default/postgrey"
    int line = 0; // 0: the file as a whole

    std::string where() const { return line > 0 ? fmt::format("{}:{}", file, line) : file; }
};

} // namespace postern
