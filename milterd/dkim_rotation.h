// dkim_rotation - the next step of each key of a domain
//
//     new ── record seen ──▶ published ── seen for `settle` ──▶ active ── another is ──▶ retiring ── `overlap` ──▶ retired
//
// Pure: states, what the DNS showed, the rules and the time in; states and what
// to do out. Each algorithm has a succession of its own; a key of Ed25519 does
// not sign alone while one of RSA is under way, for many receivers know only
// that. Steps only follow what was seen for certain: DNS trouble moves no key.
//
// - A new key whose record stands there is published; if it vanishes, new again.
// - A published key signs after `settle`; what signed before it retires.
// - A key that is older than what signs and never did is retired at once.
// - A retiring key is retired after `overlap`, if what signs now is seen.
// - A retired key whose record nobody has any more is forgotten.
// - A pair is due when what signs is `max_age` old or it is asked for, and no
//   other one is under way.
#pragma once

#include "milterd/dkim_key_states.h"
#include "milterd/dkim_record_check.h"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace postern {

struct DkimRotationRules {
    std::chrono::seconds max_age{}; // 0: no pair is due by age
    std::chrono::seconds settle{};
    std::chrono::seconds overlap{};
    bool is_asked_for = false; // a new pair, whatever the age
};

struct DkimRotationStep {
    std::string selector;
    DkimKeyState from{}, to{};
    std::string why;
};

struct DkimRotation {
    ManagedDkimDomain domain; // as it is to be
    std::vector<DkimRotationStep> steps;
    std::vector<std::string> forgotten; // selectors whose files may go
    std::vector<DkimKeyType> due;       // of these algorithms a key is to be made
};

// By selector. A key without a sight is one that nobody could look at.
using DkimSights = std::map<std::string, DkimSight>;

DkimRotation rotate_dkim_keys(const ManagedDkimDomain& domain, const DkimSights& sights,
                              const DkimRotationRules& rules, Timestamp now);

} // namespace postern
