#include "common/log_line.h"

#include <cstdlib>

// Whatever the octets, a line is one line of printable ASCII.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const postern::LogEvent event{{}, postern::LogLevel::info, std::string(text.substr(size / 2)), postern::pack({{"value", text}})};
    for (const auto format : {postern::LineFormat::logfmt, postern::LineFormat::json}) {
        std::string line;
        postern::LogLines(format, "program").append(line, event);
        if (line.find('\n') != line.size() - 1)
            std::abort();
        line.pop_back();
        for (const char c : line)
            if (c < 0x20 || c > 0x7e)
                std::abort();
    }
    return 0;
}
