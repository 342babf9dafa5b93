// dkim_private_key - a key that signs, from its PEM file
//
// RSA (PKCS#1 or PKCS#8) and Ed25519, decoded and checked once, when it is
// loaded. One key is shared by all threads.
// Failure: a file that cannot be read, is encrypted or holds no private key; a
// key of another kind, one whose halves do not fit, an RSA key under 1,024
// bits (see RFC 8301 3.2); a file that others can read. The fault names the file.
// See: openssl-genpkey(1)
#pragma once

#include "common/result.h"
#include "milterd/dkim_key_file.h"
#include "milterd/dkim_key_record.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class DkimPrivateKey {
public:
    static Result<DkimPrivateKey> parse(std::string_view pem);

    DkimPrivateKey(DkimPrivateKey&&) noexcept;
    ~DkimPrivateKey();

    DkimKeyType type() const;
    int bits() const;

    // The signature of a SHA-256 digest. RFC 8017 8.2.1, RFC 8463 3.
    Result<std::string> sign(std::string_view digest) const;

    // What its selector's TXT record has to say: "v=DKIM1; k=rsa; p=...".
    std::string record() const;

private:
    struct Impl;
    Result<> try_out() const;
    explicit DkimPrivateKey(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

struct LoadedDkimKey {
    std::shared_ptr<const DkimPrivateKey> key;
    std::vector<std::string> warnings; // the file can be read by others, by leave; the key is short
};

// Why a key could not be loaded; "no permission" may pass if the key is in hand from an earlier load.
struct DkimKeyFault {
    std::string what;
    bool is_permission = false;
};

tl::expected<LoadedDkimKey, DkimKeyFault> load_dkim_key(const std::string& path, const KeyFileRules& rules = {});

} // namespace postern
