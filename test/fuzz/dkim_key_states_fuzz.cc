#include "milterd/dkim_key_states.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto domain = postern::parse_dkim_key_states({reinterpret_cast<const char*>(data), size}, "state");
    if (!domain)
        return 0;
    // What was read is written so that it is read again; names are fit for a path.
    const auto again = postern::parse_dkim_key_states(postern::write_dkim_key_states(*domain), "state");
    if (!again || *again != *domain || domain->domain.find('/') != std::string::npos)
        std::abort();
    return 0;
}
