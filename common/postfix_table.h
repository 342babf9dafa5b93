// postfix_table - the text of a Postfix lookup table, as postmap(1) and texthash: read it
//
// A line is "key value" with blanks between them; one that begins with a blank
// goes on where the line before has ended; empty lines and those whose first
// character that is no blank is a "#" are skipped, also between the two. A key
// in double quotes may hold blanks.
// Pure. Failure: an Error is "line N: what"; the key is not shown, for a table
// may be there to hide it.
// See: postmap(1), "TABLE FORMAT"
#pragma once

#include "common/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct PostfixTableEntry {
    std::string key; // as written
    std::string value;
    int line = 0;
};

Result<std::vector<PostfixTableEntry>> parse_postfix_table(std::string_view text);

} // namespace postern
