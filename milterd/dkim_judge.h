// dkim_judge - what a signature is worth before and after its key is known
//
// Pure policy, in the order of RFC 6376 6.1: whatever can be decided without
// hashing is decided here. No value: nothing speaks against it so far.
// What the outcome of a mail's signatures does to the mail is here, too: the
// operator's choice, an action for each kind of trouble.
// Config: [dkim_verify] minimum_key_bits, clock_drift, default_action and the actions after it
#pragma once

#include "common/clock.h"
#include "common/dns/resolver.h"
#include "milterd/dkim_key_record.h"
#include "milterd/dkim_result.h"
#include "milterd/dkim_signature.h"
#include "milterd/filter.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace postern {

// RFC 6376 6.1.1. `drift` is how wrong a clock may be.
std::optional<DkimVerdict> judge_signature(const DkimSignature& signature, Timestamp now, std::chrono::seconds drift);

// Does it cover every field of these names that the mail has? `names` as field_names() gives them,
// `covered` as covered_fields() does, `must` in lower case.
std::optional<DkimVerdict> judge_must_be_signed(std::span<const std::string> names, std::span<const std::size_t> covered,
                                                std::span<const std::string> must);

// RFC 6376 6.1.2: what the DNS says of the key. `record` is the key if nothing speaks against it.
struct FoundKey {
    std::optional<DkimVerdict> verdict;
    DkimKeyRecord record;
};
FoundKey judge_key_reply(const DnsReply& reply, const DkimSignature& signature);

// The strength of an RSA key (RFC 8301 3.2).
std::optional<DkimVerdict> judge_key_bits(int bits, int minimum_bits);

// One for each of what opendkim(8) tells apart (On-BadSignature and so on).
struct DkimActions {
    FilterAction bad_signature{};   // fail
    FilterAction signature_error{}; // neutral; permerror of the signature
    FilterAction key_not_found{};   // permerror of the key
    FilterAction security{};        // policy
    FilterAction no_signature{};    // none
    FilterAction dns_error{};       // temperror of the key
    FilterAction internal_error{};  // temperror of ours
};

// What is done with a mail for which this outcome counts: the action and, unless that is accept, the
// reply to it (RFC 7372 3.1).
FilterVerdict apply_dkim_action(const DkimVerdict& outcome, const DkimActions& actions);

// More is not verified: its cost grows with the square of it.
constexpr int dkim_maximum_key_bits = 8192;

} // namespace postern
