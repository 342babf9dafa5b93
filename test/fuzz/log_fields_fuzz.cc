#include "config/compare/log_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    (void)postern::read_log_fields({reinterpret_cast<const char*>(data), size});
    return 0;
}
