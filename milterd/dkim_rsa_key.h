// dkim_rsa_key - an RSA public key, taken apart
//
// DER as p= of a key record holds it: the SubjectPublicKeyInfo of X.509
// (RFC 5280 4.1.2.7), which everybody publishes, or the RSAPublicKey alone
// (RFC 8017 A.1.1), which RFC 6376 3.6.1 asks for. Pure, bounded by its input.
//
// OpenSSL's own decoder takes twenty times as long as all the rest of a key's
// set-up, and libopendkim counts bits in whole octets: a key of 1,017 bits
// would be one of 1,024.
#pragma once

#include "common/result.h"

#include <string_view>

namespace postern {

struct RsaPublicKey {
    std::string_view modulus;  // big-endian, without leading zeros
    std::string_view exponent; // likewise

    int bits() const; // of the modulus
};

// The views are into `der`. A key that is no key (a modulus or exponent that is zero, negative or even) is an Error.
Result<RsaPublicKey> parse_rsa_public_key(std::string_view der);

} // namespace postern
