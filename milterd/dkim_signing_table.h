// dkim_signing_table - OpenDKIM's SigningTable: which author's mail gets which key
//
//     pattern  name[:identity]
//
// The address of the author is looked for; `name` is a row of the KeyTable, and
// "%" alone is the row that is named as the author's domain. `identity` becomes
// i=, with the author's domain for "%". In a refile: patterns hold "*" for
// anything and are tried in their order. In any other table they are looked up:
//
//     user@host, host, user@.domain, user@.com, .domain, .com, user@*, *
//
// Pure. The first that fits counts, or all that do.
// Failure: every row that cannot be, with its line. What is legal but can
// hardly be meant is a warning: a pattern that no address fits, and one that
// fits authors of any domain.
// See: opendkim.conf(5), SigningTable, MultipleSignatures
#pragma once

#include "common/data_set.h"
#include "common/text_set.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct SigningRow {
    std::string pattern;
    std::string key_name;
    std::string identity; // empty: none
    std::string where;
};

class DkimSigningTable {
public:
    DkimSigningTable() = default; // signs nothing

    static DkimSigningTable parse(DataSet::Kind kind, const std::vector<DataRow>& rows, std::vector<Error>& faults);

    const std::vector<SigningRow>& rows() const { return rows_; }
    const std::vector<std::string>& warnings() const { return warnings_; }

    // Places among the rows. `domain` in A-labels and lower case.
    std::vector<std::size_t> find(std::string_view local_part, std::string_view domain, bool wants_all) const;

private:
    void look_up(const std::string& key, std::vector<std::size_t>& found) const;
    void warn_of(const SigningRow& row);

    bool has_patterns_ = false;
    std::vector<SigningRow> rows_;
    TextMap<std::vector<std::size_t>> by_key_; // lower case
    std::vector<std::string> warnings_;
};

} // namespace postern
