// dkim_key_record - the key record of a selector, read
//
// RFC 6376 3.6.1, RFC 8463. Pure. A record is read here alone: libopendkim,
// which cuts it at 1,024 octets, does not compare k= with a= and takes the
// last of two equal tags, never sees one.
#pragma once

#include "common/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace postern {

enum class DkimKeyType { rsa, ed25519 };

struct DkimKeyRecord {
    DkimKeyType key_type = DkimKeyType::rsa; // k=
    std::string public_key;                  // p=, octets; empty: revoked
    bool permits_sha256 = true;              // h=
    bool permits_email = true;               // s=
    bool is_testing = false;                 // t=y
    bool is_exact = false;                   // t=s: i= must have the very domain of d=
};

constexpr std::size_t dkim_key_record_limit = 8 * 1024;

// The strings of the TXT record joined. Failure: the Error says what is wrong with it.
Result<DkimKeyRecord> parse_dkim_key_record(std::string_view text);

} // namespace postern
