#include "common/postfix_table.h"

#include <cstdint>
#include <cstdlib>

// No entry is without key or value, and lines do not go back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto entries = postern::parse_postfix_table({reinterpret_cast<const char*>(data), size});
    if (!entries)
        return 0;
    int line = 0;
    for (const auto& entry : *entries) {
        if (entry.key.empty() || entry.value.empty() || entry.line <= line)
            std::abort();
        line = entry.line;
    }
    return 0;
}
