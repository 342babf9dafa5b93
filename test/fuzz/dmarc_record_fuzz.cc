// Whatever a domain publishes: it is read without fault, and a record with a fault has no policy to apply.
#include "milterd/dmarc_record.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto record = postern::parse_dmarc_record({reinterpret_cast<const char*>(data), size});
    if (record && !record->fault.empty()
        && (record->policy != postern::DmarcPolicy::none || record->subdomain_policy || record->nonexistent_policy))
        std::abort();
    return 0;
}
