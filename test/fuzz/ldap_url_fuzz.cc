#include "common/ldap/ldap_url.h"

#include <cstdint>
#include <cstdlib>

// What is taken is written so that it is taken again, as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto url = postern::parse_ldap_url({reinterpret_cast<const char*>(data), size});
    if (!url)
        return 0;
    const auto again = postern::parse_ldap_url(url->text());
    if (!again || *again != *url)
        std::abort();
    return 0;
}
