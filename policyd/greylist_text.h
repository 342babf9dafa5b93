// greylist_text - the rows of the greylist as lines of text
//
// What `postern greylist export` writes and `import` reads, in any order:
//
//     # postern greylist 1
//     triplet FIRST LAST CLIENT/SENDER/RECIPIENT
//     client PASSES LAST CLIENT
//
// Times are seconds since 1970. A triplet waits while LAST is FIRST, and was
// let in since. CLIENT is a network's first address, "@domain" for one that
// SPF vouches for, or "#" and a hash of postgrey's. A key goes on to the end
// of its line; in it, what is not printable ASCII and the backslash are
// written \xHH. Lines that begin with # and empty ones mean nothing. Pure.
// Failure: the Error says what is wrong with a line.
#pragma once

#include "common/result.h"
#include "policyd/greylist_rows.h"

#include <optional>
#include <string>
#include <string_view>

namespace postern {

constexpr std::string_view greylist_text_head = "# postern greylist 1\n";

std::string write_greylist_line(const GreylistWrite& row); // with its line feed

// No row: a line that means nothing.
Result<std::optional<GreylistWrite>> read_greylist_line(std::string_view line);

// A key, or a part of one, as it is shown: see above.
std::string shown_key(std::string_view key);
Result<std::string> read_shown_key(std::string_view text);

// The parts of a triplet's key; of a hashed one, all is `client`.
struct GreylistKeyParts {
    std::string_view client, sender, recipient;
};
GreylistKeyParts key_parts(std::string_view key);

// 2026-11-22T07:00:00Z
std::string shown_time(Timestamp time);

} // namespace postern
