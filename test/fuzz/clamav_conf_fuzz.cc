#include "config/migrate/clamav_conf.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto conf = postern::parse_clamav_conf({reinterpret_cast<const char*>(data), size});
    int last = 0;
    for (const auto& line : conf.lines) {
        if (line.line <= last || line.name.empty() || !conf.find(line.name))
            std::abort();
        last = line.line;
        (void)postern::clamav_flag(line.value);
        (void)postern::clamav_octets(line.value);
    }
    return 0;
}
