// dkim_key_states - the keys of a domain and how far each has come
//
// What stands in the file `state` of a domain's folder, a line a key:
//
//     # postern dkim 1
//     domain example.org
//     subdomains
//     key 20261127 rsa active 2026-11-27T10:00:00Z 2026-11-27T11:00:00Z
//     key 20261127-ed25519 ed25519 new 2026-11-27T10:00:00Z 2026-11-27T10:00:00Z s=email
//
// A key has its selector, algorithm, state, when it was made, since when it is
// in that state, and the tags of its record that are not there by default.
// `subdomains`: mail of the domains below is signed, too. Lines that begin with
// # and empty ones mean nothing. Pure.
// Failure: anything else; the Error says "NAME:LINE: what".
#pragma once

#include "common/clock.h"
#include "common/result.h"
#include "milterd/dkim_key_record.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

enum class DkimKeyState {
    new_key,   // made; its record has not been seen in the DNS
    published, // seen; does not sign yet
    active,    // signs
    retiring,  // another signs; its record stays, for what is under way
    retired,   // its record may be removed
};

std::string_view word_of(DkimKeyState state);
std::string_view word_of(DkimKeyType type);
std::string shown_time(Timestamp time); // 2026-11-27T10:00:00Z
Result<Timestamp> read_shown_time(std::string_view text);

struct ManagedDkimKey {
    std::string selector;
    DkimKeyType type = DkimKeyType::rsa;
    DkimKeyState state = DkimKeyState::new_key;
    Timestamp made{};
    Timestamp since{};
    std::vector<std::string> tags;

    bool operator==(const ManagedDkimKey&) const = default;
};

struct ManagedDkimDomain {
    static constexpr std::size_t key_limit = 100;

    std::string domain; // A-labels, lower case
    bool has_subdomains = false;
    std::vector<ManagedDkimKey> keys;

    const ManagedDkimKey* find(std::string_view selector) const;
    bool operator==(const ManagedDkimDomain&) const = default;
};

constexpr std::size_t dkim_key_states_limit = 64 * 1024;

// `name` is that of the file, for faults.
Result<ManagedDkimDomain> parse_dkim_key_states(std::string_view text, std::string_view name);
std::string write_dkim_key_states(const ManagedDkimDomain& domain);

} // namespace postern
