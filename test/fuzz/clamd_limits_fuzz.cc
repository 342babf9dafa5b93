#include "milterd/clamd_limits.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto limits = postern::clamd_limits({reinterpret_cast<const char*>(data), size});
    if (limits.max_file_size == 0 || limits.max_scan_size == 0 || limits.stream_max_length == 0)
        std::abort(); // 0 is no limit
    (void)postern::limit_warnings(limits, size, true);
    return 0;
}
