#include "policyd/postgrey_hash.h"

#include "policyd/postgrey_dump.h"

#include <openssl/sha.h>

namespace postern {

std::string postgrey_hash(std::string_view text)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out(1, hashed_mark);
    for (const unsigned char octet : digest)
        out.append({digits[octet / 16], digits[octet % 16]});
    return out;
}

} // namespace postern
