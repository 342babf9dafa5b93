// opendkim_tables - with what keys opendkim signs whose mail, taken over
//
// KeyTable and SigningTable serve as they are, where they are; Domain, Selector
// and KeyFile become a [[dkim.domain]] for each domain. Each row and each key
// is looked at, so that what Postern would not take is told with its line.
// See: opendkim.conf(5), opendkim(8) "DATA SETS", common/data_set.h
#pragma once

#include "common/data_set.h"
#include "config/migrate/key_file_rights.h"
#include "config/migrate/migration.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace postern {

struct OpendkimSigning { // the options, where they are set
    std::optional<MetOption> key_table, signing_table;
    std::optional<MetOption> domain, selector, key_file, subdomains;

    bool is_set() const { return key_table || signing_table || domain || key_file; }
};

// Whether the daemon reads the keys where they are, or has copies whose rights are right.
enum class KeyFiles { in_place, copied };

class OpendkimTables {
public:
    explicit OpendkimTables(Migration& migration, KeyFiles key_files = KeyFiles::in_place);

    void take(const OpendkimSigning& signing);

private:
    void tables(const OpendkimSigning& signing);
    void single(const OpendkimSigning& signing);
    void domain(const OpendkimSigning& signing, const std::string& name);
    std::optional<DataSet> usable(const std::optional<MetOption>& option);
    std::vector<DataRow> rows_of(const MetOption& option, const DataSet& set);
    void key_rows(const MetOption& option, const DataSet& set);
    void signing_rows(const MetOption& option, const DataSet& set);
    void key_file(const OldLine& at, const std::string& path);
    void look_at_rights(const OldLine& at, const std::string& path);
    void look_inside(const OldLine& at, const std::string& path);

    Migration& migration_;
    KeyFiles key_files_;
    KeyReader reader_;
    std::set<std::string, std::less<>> key_names_, seen_files_;
    bool has_open_names_ = false; // a row whose name is a pattern fits names that nobody wrote
};

// The set's rows; what cannot be read is a fault.
std::vector<DataRow> read_opendkim_set(Migration& migration, const MetOption& option, const DataSet& set);

// Where one of them stands: in its file, or with the option.
OldLine line_of_row(const MetOption& option, const DataSet& set, const DataRow& row);

} // namespace postern
