// dkim_signature - the DKIM-Signature field, read
//
// RFC 6376 3.5, RFC 8463. Pure. Reads what a signature says; what that is
// worth is for dkim_judge. Faults of libopendkim that a signature could run
// into are faults of the signature here, so that it is never asked about it:
// each stands in dkim_signature.cc with its reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

enum class DkimAlgorithm { rsa_sha1, rsa_sha256, ed25519_sha256 };
enum class DkimCanonicalization { simple, relaxed };

struct DkimSignature {
    std::string fault; // why it cannot be evaluated, in a clause; empty: it can

    // As far as they could be read, if there is a fault:
    DkimAlgorithm algorithm{};
    DkimCanonicalization header_canonicalization{};
    DkimCanonicalization body_canonicalization{};
    std::string algorithm_text;   // a=, as sent
    std::string signing_domain;   // d=, lower case
    std::string selector;         // s=, lower case
    std::string identity;         // i=, as sent; "@" and d= if there is none
    std::string identity_domain;  // of i=, lower case
    std::string signature_text;   // b=, in base64 without folds
    std::string signature;        // b=, octets
    std::string body_hash;        // bh=, octets
    std::vector<std::string> signed_fields; // h=, lower case
    std::optional<std::uint64_t> body_length; // l=
    std::optional<std::uint64_t> signed_at;   // t=
    std::optional<std::uint64_t> expires_at;  // x=

    bool signs(std::string_view field_name) const; // in lower case
    std::string key_name() const;                  // selector._domainkey.signing_domain (RFC 6376 3.6.2.1)
};

// `value` is all that follows "DKIM-Signature:".
DkimSignature parse_dkim_signature(std::string_view value);

// Longer signatures and longer h= are faults.
constexpr std::size_t dkim_signature_limit = 16 * 1024;
constexpr std::size_t dkim_signed_fields_limit = 200;
constexpr std::size_t dkim_signed_fields_octets = 4000;

} // namespace postern
