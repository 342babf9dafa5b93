// ldap_table - a file of Postfix's ldap_table(5), read as it is
//
// Lines of "name = value"; one that begins with a blank goes on where the one
// before has ended, '#' begins a comment line. Only existence is asked: an
// address exists where the search finds an entry that has one of the result
// attributes, as Postfix finds something then. So a table whose result_format
// refuses, and what reads its results (chasing referrals, SASL), is a fault;
// what only shapes results is warned of and not used.
// Pure: what `domain` names as files is for the caller to read.
// Failure: every fault, as "path:line: name: what".
#pragma once

#include "common/ldap/ldap_options.h"
#include "common/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct LdapTable {
    LdapOptions options;               // without a name
    std::vector<std::string> domains;  // A-labels in lower case
    std::vector<std::string> domain_files;
    std::vector<std::string> warnings; // as the faults
};

tl::expected<LdapTable, std::vector<Error>> parse_ldap_table(std::string_view text, std::string_view path);

} // namespace postern
