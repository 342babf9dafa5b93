#include "milterd/dkim_signature.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto signature = postern::parse_dkim_signature({reinterpret_cast<const char*>(data), size});
    if (!signature.fault.empty())
        return 0;
    // What the rest relies on
    if (signature.signing_domain.empty() || signature.selector.empty() || signature.signature.empty()
        || signature.body_hash.empty() || signature.signed_fields.empty() || signature.identity_domain.empty()
        || signature.key_name().size() > 520)
        std::abort();
    return 0;
}
