// clamav_conf - the files of ClamAV's programs: clamav-milter.conf(5), clamd.conf(5)
//
// A line is a name, blanks and the rest, which is the value; quotes around it
// are not part of it. A line that begins with # is a comment, and nothing else
// is. How a name is written matters, and of several values for an option that
// takes one, the first counts. Tried against clamconf(1) 1.4.
// Pure: text in, options out. Which names there are, old_options.h knows.
// Failure: a fault has its line, and the rest is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct ClamavLine {
    int line = 0;
    std::string name, value;
};

struct ClamavFault {
    int line = 0;
    std::string what;
};

struct ClamavConf {
    std::vector<ClamavLine> lines;
    std::vector<ClamavFault> faults;

    // The line that counts; nullptr: none.
    const ClamavLine* find(std::string_view name) const;
};

ClamavConf parse_clamav_conf(std::string_view text);

std::optional<bool> clamav_flag(std::string_view value); // "yes", "true", "1"; "no", "false", "0"
std::optional<std::uint64_t> clamav_octets(std::string_view value); // "25M", "100K", "2G", "0" for no limit

} // namespace postern
