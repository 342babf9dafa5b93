// dkim - libopendkim, and the only file that knows it
//
// It canonicalizes a mail and hashes it, for each signature that the mail
// bears or will bear; header and body go through it once. Keys are not its
// affair: it would decode each anew for every mail (a key takes longer than
// all the rest), and it loses some 565 octets for each Ed25519 signature it
// makes. dkim_public_key verifies and dkim_private_key signs the hashes.
// Nor is the DNS: what it needs to ask there, it is given nobody to ask.
//
// One DkimLibrary is shared by all threads, and by the mails still under way
// when a reload brings a new one. A DkimHashing belongs to one mail; its
// calls come one after another.
// Failure: an Error is lack of memory, or a size beyond libopendkim's limits.
// A signature that it does not take is a fault in that signature's hashes.
#pragma once

#include "common/result.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace postern {

class DkimLibrary {
public:
    // `clock_drift`: libopendkim compares t= and x= with the system's clock too.
    static Result<std::shared_ptr<DkimLibrary>> create(std::chrono::seconds clock_drift);
    ~DkimLibrary();

private:
    friend class DkimHashing;
    struct Impl;
    explicit DkimLibrary(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

struct DkimHashes {
    std::string fault;  // why there are none, in a clause; empty: there are
    std::string header; // what b= signs: 32 octets of SHA-256
    std::string body;   // what bh= has
    bool is_too_long = false; // l= exceeds the body
};

class DkimHashing {
public:
    // `fields`: in the order of the mail, as wire_text() makes them; each DKIM-Signature
    // among them is one to hash for. A field that is none (RFC 5322 2.2) is passed over.
    static Result<std::unique_ptr<DkimHashing>> create(std::shared_ptr<DkimLibrary> library,
                                                       std::span<const std::string> fields);
    ~DkimHashing();

    // Lines end in CRLF, as Postfix sends them; chunks may end anywhere. Not copied.
    void body(std::span<const char> chunk);

    // Once: the hashes for each DKIM-Signature, in the order of the mail.
    Result<std::vector<DkimHashes>> finish();

private:
    struct Impl;
    explicit DkimHashing(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

} // namespace postern
