// allow_list - addresses whose mail is not scanned, as clamav-milter lists them
//
//     # a comment; so are lines that begin with : or !
//     From:^<newsletter@example\.org>$
//     To:@virus-lab\.example\.org
//     abuse@
//
// Each is a basic regular expression without regard to case, found anywhere
// in the address as it was sent. An address stands in angle brackets there,
// as clamav-milter saw it; here it may also be matched without them.
// Failure: every fault is reported, as "path:line: what"; after `most_list_faults`
// of one file only that there are more. An entry without a pattern is a fault:
// it would match everybody.
// See: clamav-milter.conf(5), AllowList
#pragma once

#include "common/regex.h"
#include "common/result.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace postern {

constexpr std::size_t most_allow_entries = 1000; // each costs a match for each address of a mail

struct AllowList {
    std::vector<Regex> senders;
    std::vector<Regex> recipients;

    // `address` without brackets. Not by two threads at a time.
    static bool matches(const std::vector<Regex>& patterns, std::string_view address);
};

void parse_allow_list(std::string_view text, std::string_view path, AllowList& list, std::vector<Error>& faults);

// The names in such a file of logins, one a line, in lower case.
void parse_login_list(std::string_view text, std::string_view path, std::vector<std::string>& logins,
                      std::vector<Error>& faults);

} // namespace postern
