#include "milterd/dkim_key_record.h"
#include "milterd/dkim_rsa_key.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)postern::parse_rsa_public_key(text);
    const auto record = postern::parse_dkim_key_record(text);
    if (!record)
        return 0;
    const auto key = postern::parse_rsa_public_key(record->public_key);
    if (key && (key->bits() <= 0 || key->modulus.size() + key->exponent.size() > record->public_key.size()))
        std::abort();
    return 0;
}
