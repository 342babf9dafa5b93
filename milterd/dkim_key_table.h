// dkim_key_table - OpenDKIM's KeyTable: keys by name
//
//     name  domain:selector:/path/of/the/key
//
// `domain` is the d= of the signature; "%" alone is the domain of the mail's
// author, and so is each "%" in the path. Instead of a path the key itself may
// stand there, as base64 of its DER or as PEM on one line. In a refile: the
// name is a pattern, and the first that fits counts. Pure; no file is looked at.
// Failure: every row that cannot be, with its line.
// See: opendkim.conf(5), KeyTable
#pragma once

#include "common/data_set.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct KeyTableRow {
    std::string name;
    std::string domain;   // A-labels in lower case; "%": the author's
    std::string selector; // likewise
    std::string key;      // a path, or the key as PEM
    bool is_path = false;
    std::string where;

    bool is_of_any_domain() const { return domain == "%"; }
    bool has_path_of_author() const { return is_path && key.find('%') != std::string::npos; }
};

class DkimKeyTable {
public:
    DkimKeyTable() = default; // no keys

    static DkimKeyTable parse(DataSet::Kind kind, const std::vector<DataRow>& rows, std::vector<Error>& faults);

    const std::vector<KeyTableRow>& rows() const { return rows_; }

    // Its place among the rows.
    std::optional<std::size_t> find(std::string_view name) const;

private:
    bool has_patterns_ = false;
    std::vector<KeyTableRow> rows_;
};

// `text` with the domain in place of each "%".
std::string with_author_domain(std::string_view text, std::string_view domain);

} // namespace postern
