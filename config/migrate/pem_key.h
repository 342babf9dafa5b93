// pem_key - what kind of private key a PEM file holds, and how long it is
//
// PKCS#1 and PKCS#8, RSA and Ed25519; only as much of the DER is read as says
// so. Whether the key is a good one is for `postern check`, which loads it. Pure.
// Failure: the Error says what it is not.
#pragma once

#include "common/result.h"

#include <string_view>

namespace postern {

struct PemKey {
    enum class Kind { rsa, ed25519 } kind{};
    int bits = 0;
};

Result<PemKey> read_pem_key(std::string_view text);

} // namespace postern
