// clamd_limits - how much of a mail clamd(8) reads
//
// clamd has no command that tells, and calls a descriptor whose file is larger
// than MaxFileSize clean without reading it (unless AlertExceedsMax is set).
// So its configuration is read, where it can be, and compared with ours. Pure.
// See: clamd.conf(5)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct ClamdLimits { // octets; the defaults of ClamAV 1.4
    std::uint64_t max_file_size = 100 << 20;
    std::uint64_t max_scan_size = 400 << 20;
    std::uint64_t stream_max_length = 100 << 20; // INSTREAM only
};

// The text of a clamd.conf. What cannot be read keeps its default: clamd itself would not start with it.
ClamdLimits clamd_limits(std::string_view clamd_conf);

// What an operator should hear: a mail of at most `max_size` octets would not be read whole.
std::vector<std::string> limit_warnings(const ClamdLimits& limits, std::uint64_t max_size, bool is_stream);

} // namespace postern
