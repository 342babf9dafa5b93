// dkim - libopendkim, and the only file that knows it
//
// It canonicalizes the header of a mail and hashes it, for each signature that
// the mail bears or will bear. The body is not its affair: it goes through it
// octet by octet, ten times as long as a digest takes (dkim_body_hash). Nor are
// keys: it would decode each anew for every mail (a key takes longer than
// all the rest), and it loses some 565 octets for each Ed25519 signature it
// makes. dkim_public_key verifies and dkim_private_key signs the hashes.
// Nor is the DNS: what it needs to ask there, it is given nobody to ask.
//
// One DkimLibrary is shared by all threads, and by the mails still under way
// when a reload brings a new one.
// Failure: an Error is lack of memory, or a size beyond libopendkim's limits.
// A signature that it does not take is a fault in that signature's hash.
#pragma once

#include "common/result.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace postern {

struct DkimHeaderHash {
    std::string fault; // why there is none, in a clause; empty: there is
    std::string hash;  // what b= signs: 32 octets of SHA-256
};

class DkimLibrary {
public:
    // `clock_drift`: libopendkim compares t= and x= with the system's clock too.
    static Result<std::shared_ptr<DkimLibrary>> create(std::chrono::seconds clock_drift);
    ~DkimLibrary();

    // `fields`: in the order of the mail, as wire_text() makes them; each DKIM-Signature
    // among them is one to hash for, and has its hash in that order. A field that is
    // none (RFC 5322 2.2) is passed over.
    Result<std::vector<DkimHeaderHash>> hash_header(std::span<const std::string> fields) const;

private:
    struct Impl;
    explicit DkimLibrary(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

} // namespace postern
