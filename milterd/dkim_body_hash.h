// dkim_body_hash - bh= of a body, for all signatures of a mail in one pass
//
// RFC 6376 3.7, with SHA-256, the one digest that may still be used (RFC 8301
// 3.1). Signatures of the same canonicalization share its work; where l= ends
// them, the digest is copied on the way.
// Failure: an Error is lack of memory.
#pragma once

#include "common/result.h"
#include "milterd/dkim_signature.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace postern {

// What of a body a signature signs
struct DkimBodyPart {
    DkimCanonicalization canonicalization{};
    std::optional<std::uint64_t> length{}; // l=: its first octets
};

struct DkimBodyHash {
    std::string hash;            // octets, as bh= has them; empty: the body is shorter than l=
    std::uint64_t body_size = 0; // of all of it, canonicalized: what l= is measured against
};

class DkimBodyHashing {
public:
    explicit DkimBodyHashing(std::span<const DkimBodyPart> parts);
    ~DkimBodyHashing();

    // Lines end in CRLF, as Postfix sends them; chunks may end anywhere. Not copied.
    void body(std::span<const char> chunk);

    // Once: in the order of the parts.
    Result<std::vector<DkimBodyHash>> finish();

private:
    class Digest;
    Digest& digest_for(DkimCanonicalization canonicalization);

    std::vector<DkimBodyPart> parts_;
    std::vector<std::unique_ptr<Digest>> digests_; // one a canonicalization
};

} // namespace postern
