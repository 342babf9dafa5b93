// list_file - the entries of a list, one a line
//
// As postgrey and Postfix's own tables have it: '#' begins a comment wherever
// it stands, white space around an entry and empty lines mean nothing. Pure.
// Failure: every fault is reported, as "path:line: what"; after `most_faults`
// of one file only that there are more.
#pragma once

#include "common/result.h"

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace postern {

constexpr std::size_t most_list_faults = 20;
constexpr std::size_t list_line_limit = 2000; // octets of an entry

// Given each entry, it says what is wrong with it.
using AddListEntry = std::function<Result<>(std::string_view entry)>;

// `path` is only for the faults.
void parse_list_file(std::string_view text, std::string_view path, const AddListEntry& add, std::vector<Error>& faults);

// The same of a file that has other comments.
struct ListText {
    std::string_view text, path;
    std::string_view (*entry_of)(std::string_view line); // empty: it holds none
};
void parse_list_lines(const ListText& list, const AddListEntry& add, std::vector<Error>& faults);

} // namespace postern
