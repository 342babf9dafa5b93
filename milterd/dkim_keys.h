// dkim_keys - which keys sign the mail of which domain
//
// [[dkim.domain]], loaded. Two entries of one domain sign one mail twice
// (rsa-sha256 and ed25519-sha256, or an old and a new selector). A domain's
// own entries come before those of a domain above it that has `subdomains`.
//
// Load before privileges are dropped, as keys are often root's alone; and at
// reload, with the keys in hand: one that may not be read any more is kept.
// Failure: an entry whose key cannot be used stays, with its fault, so that
// mail of its domain is deferred and does not leave unsigned. A daemon that
// starts says so and goes on; a reload with faults should be refused.
// Config: [[dkim.domain]] domain, selector, key, subdomains, identity, canonicalization
#pragma once

#include "common/result.h"
#include "config/config.h"
#include "milterd/dkim_private_key.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct DkimKeyEntry {
    std::string domain;   // A-labels, lower case
    std::string selector; // likewise
    std::string path;
    bool has_subdomains = false;
    std::string identity;         // i=, as it is written; empty: none
    std::string canonicalization; // empty: that of [dkim]
    std::shared_ptr<const DkimPrivateKey> key; // nullptr: there is a fault
    std::string fault;
};

class DkimKeys {
public:
    DkimKeys() = default; // signs nothing

    static DkimKeys load(std::span<const DkimDomain> domains, const DkimKeys* in_hand = nullptr,
                         const KeyFileRules& rules = {});

    // A domain of which it is not known what signs: its mail is deferred.
    void add_broken(std::string domain, std::string fault);

    // Those that sign mail whose author is of that domain (A-labels, lower case).
    std::vector<DkimKeyEntry> for_author(std::string_view domain) const;

    const std::vector<DkimKeyEntry>& entries() const { return entries_; }

    // For the operator, each naming its entry or file
    const std::vector<std::string>& faults() const { return faults_; }
    const std::vector<std::string>& warnings() const { return warnings_; }

private:
    void add(const DkimDomain& setting, const DkimKeys* in_hand, const KeyFileRules& rules);
    void load_key(DkimKeyEntry& entry, const DkimKeyEntry* old, const KeyFileRules& rules);

    std::vector<DkimKeyEntry> entries_;
    std::vector<std::string> faults_;
    std::vector<std::string> warnings_;
};

} // namespace postern
