#include "config/migrate/pem_key.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto key = postern::read_pem_key({reinterpret_cast<const char*>(data), size});
    if (key && key->bits < 1)
        std::abort();
    return 0;
}
