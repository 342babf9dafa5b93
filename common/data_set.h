// data_set - a table or a list of the operator's, wherever it stands
//
// As OpenDKIM names them, so that its files serve as they are:
//
//     file:/etc/x  /etc/x     a file: "key value" a line, # begins a comment
//     refile:/etc/x           the same, whose keys are patterns: * stands for anything
//     csl:a=1,b=2  a=1,b=2    the rows themselves
//
// Pure: files are read by the function that is given. Databases that OpenDKIM
// could ask (db:, dsn:, ldap:, lua:, memcache:, mdb:, erlang:) are refused by name.
// Failure: every fault is told, as "path:line: what" or "setting: item N: what".
#pragma once

#include "common/result.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct DataSet {
    enum class Kind { list, file, patterns } kind{};
    std::string text; // the path, or the rows of a list
};

Result<DataSet> parse_data_set(std::string_view text);

struct DataRow {
    std::string key;
    std::string value; // empty: none
    std::string where; // "path:line", "setting: item N"
};

constexpr std::size_t data_file_limit = 16 << 20; // octets

using ReadText = std::function<Result<std::string>(const std::string& path)>;

// `setting` is only for the faults of a list.
std::vector<DataRow> read_data_set(const DataSet& set, std::string_view setting, const ReadText& read,
                                   std::vector<Error>& faults);

// A list of single entries, of which some may be files: "file:/etc/x", "/etc/x", "csl:a,b". An entry
// that is put between slashes is a regular expression, not a path.
std::vector<DataRow> expand_list(std::span<const std::string> items, std::string_view setting, const ReadText& read,
                                 std::vector<Error>& faults);

// Is it one of those? Then what it holds is known when the file has been read.
bool is_file_entry(std::string_view item);

// All of them in one, for a caller that can tell no more.
Error one_error(const std::vector<Error>& faults);

// Without regard to case; "*" stands for any text, also for none.
bool matches_wildcard(std::string_view pattern, std::string_view text);

} // namespace postern
