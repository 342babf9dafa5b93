// dkim_judge - what a signature is worth before and after its key is known
//
// Pure policy, in the order of RFC 6376 6.1: whatever can be decided without
// hashing is decided here. No value: nothing speaks against it so far.
// Config: [dkim] minimum_key_bits, clock_drift
#pragma once

#include "common/clock.h"
#include "common/dns/resolver.h"
#include "milterd/dkim_key_record.h"
#include "milterd/dkim_result.h"
#include "milterd/dkim_signature.h"

#include <chrono>
#include <optional>

namespace postern {

// RFC 6376 6.1.1. `drift` is how wrong a clock may be.
std::optional<DkimVerdict> judge_signature(const DkimSignature& signature, Timestamp now, std::chrono::seconds drift);

// RFC 6376 6.1.2: what the DNS says of the key. `record` is the key if nothing speaks against it.
struct FoundKey {
    std::optional<DkimVerdict> verdict;
    DkimKeyRecord record;
};
FoundKey judge_key_reply(const DnsReply& reply, const DkimSignature& signature);

// The strength of an RSA key (RFC 8301 3.2).
std::optional<DkimVerdict> judge_key_bits(int bits, int minimum_bits);

// More is not verified: its cost grows with the square of it.
constexpr int dkim_maximum_key_bits = 8192;

} // namespace postern
