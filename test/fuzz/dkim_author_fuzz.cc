#include "milterd/dkim_author.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto domains = postern::parse_from_domains({reinterpret_cast<const char*>(data), size});
    if (domains)
        for (const auto& domain : *domains)
            if (domain.empty() || domain.find_first_of("@<> \t\r\n,;:") != domain.npos)
                std::abort();
    return 0;
}
