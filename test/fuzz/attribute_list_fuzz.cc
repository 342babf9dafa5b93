// What was written is read again as it was.
#include "common/attribute_list.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto parsed = postern::parse_attributes({reinterpret_cast<const char*>(data), size});
    if (!parsed)
        return 0;
    const auto again = postern::parse_attributes(postern::write_attributes(*parsed));
    if (!again || *again != *parsed)
        std::abort();
    return 0;
}
