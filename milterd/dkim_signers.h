// dkim_signers - which signatures a mail of ours gets
//
// [[dkim.domain]] by the author's domain (dkim_keys), and OpenDKIM's tables by
// the author's address: a row of the signing table names a row of the key
// table. Both may be in use; a signature that both want is made once.
//
// Tables are read and checked whole, every key in them is loaded, those with
// "%" in their path too: for each domain for which there is such a file. At
// reload the keys in hand serve where a file may not be read any more.
// Failure: table_faults() are those of the tables; with one of them there is
// nothing to sign by, and neither a start nor a reload should go on. With
// key_faults() a start goes on: the mail of that key is deferred.
// Config: [dkim] key_table, signing_table, all_matches; [[dkim.domain]]
#pragma once

#include "config/config.h"
#include "milterd/dkim_author.h"
#include "milterd/dkim_key_table.h"
#include "milterd/dkim_keys.h"
#include "milterd/dkim_signing_table.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace postern {

struct DkimSigner {
    std::string domain;
    std::string selector;
    std::string identity;         // i=, as it is written; empty: none
    std::string canonicalization; // empty: that of [dkim]
    std::shared_ptr<const DkimPrivateKey> key; // nullptr: there is a fault
    std::string fault;
};

class DkimSigners {
public:
    DkimSigners() = default; // signs nothing

    // `keys`: those of domains, which need no table.
    static DkimSigners load(const DkimSettings& settings, DkimKeys keys, const KeyFileRules& rules = {},
                            const DkimSigners* in_hand = nullptr);

    bool empty() const { return keys_.entries().empty() && signing_table_.rows().empty(); }
    const DkimKeys& keys() const { return keys_; }

    // Every key whose domain is known beforehand, for who looks after them: a row that serves any
    // domain by one key has none.
    std::vector<DkimKeyEntry> known_keys() const;

    // `domain` in A-labels and lower case.
    std::vector<DkimSigner> for_author(const MailAuthor& author) const;

    // Do we sign for this domain, whoever its author is? For signatures that a mail bears already.
    bool is_ours(std::string_view signing_domain) const;

    const std::vector<std::string>& table_faults() const { return table_faults_; }
    const std::vector<std::string>& key_faults() const { return key_faults_; }
    const std::vector<std::string>& warnings() const { return warnings_; }

private:
    struct LoadedKey {
        std::shared_ptr<const DkimPrivateKey> key;
        std::string fault;
    };

    void load_tables(const DkimSettings& settings);
    void load_keys(const KeyFileRules& rules, const DkimSigners* in_hand);
    void load_file(const std::string& path, const KeyFileRules& rules, const DkimSigners* in_hand);
    void load_files_of_authors(const std::string& path, const KeyFileRules& rules, const DkimSigners* in_hand);
    void load_inline(const KeyTableRow& row);
    void find_unknown_names();
    DkimKeyEntry known_key(const KeyTableRow& row, const std::string& domain, const std::string& key) const;
    DkimSigner signer(const SigningRow& row, const MailAuthor& author) const;

    DkimKeys keys_;
    DkimKeyTable key_table_;
    DkimSigningTable signing_table_;
    bool wants_all_ = false;
    std::map<std::string, LoadedKey, std::less<>> loaded_; // by path, or by the key as PEM
    std::vector<std::string> table_faults_;
    std::vector<std::string> key_faults_;
    std::vector<std::string> warnings_;
};

// Of a configuration: all keys, named and managed, and the tables. An Error: nobody knows whose mail is to be signed.
Result<DkimSigners> load_dkim_signers(const Config& config, const DkimSigners* in_hand = nullptr);

} // namespace postern
