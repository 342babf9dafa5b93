// dkim_new_key - makes a private key
//
// RSA or Ed25519, as PKCS#8 in PEM, which dkim_private_key and OpenDKIM read.
// Failure: an Error with OpenSSL's reason; a size that is not for new keys.
#pragma once

#include "common/result.h"
#include "milterd/dkim_key_record.h"

#include <string>

namespace postern {

constexpr int least_new_rsa_bits = 2048; // RFC 8301 3.2: signers should use no fewer
constexpr int most_new_rsa_bits = 4096;  // verifiers need not know more

// `bits` is of RSA.
Result<std::string> make_dkim_key(DkimKeyType type, int bits = least_new_rsa_bits);

// Overwrites a secret before its memory is given back.
void wipe(std::string& secret);

} // namespace postern
