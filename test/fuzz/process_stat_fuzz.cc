// A process names itself as it likes: its line in /proc is read all the same, and its name is of that line.
#include "config/postfix_sessions.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto stat = postern::parse_process_stat(text); stat && text.find("(" + stat->name + ")") == std::string::npos)
        std::abort();

    const auto named = postern::parse_process_stat("7 (" + text + ") S 99 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 12345 20\n");
    if (!named || *named != postern::ProcessStat{text, 99, 12345})
        std::abort();
    return 0;
}
