// policyd_spf_conf - the files of the two SPF policy programs
//
// policyd-spf.conf(5) and policyd-spf.peruser(5) of spf-engine, and what the
// Perl program has for its lists. Pure: text in, rows out.
// Failure: a fault has its line, and the rest is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct SpfConfLine {
    int line = 0;
    std::string name, value;
};
struct SpfConfFault {
    int line = 0;
    std::string what;
};
struct SpfConf {
    std::vector<SpfConfLine> lines;
    std::vector<SpfConfFault> faults;
};
SpfConf parse_policyd_spf_conf(std::string_view text);

struct SpfUser {
    int line = 0;
    std::string user, settings; // "strict@example.org", "HELO_reject=Fail|TestOnly=0"
};
std::vector<SpfUser> parse_policyd_spf_users(std::string_view text);

// Items between commas; blanks around them mean nothing.
std::vector<std::string> spf_conf_list(std::string_view value);

// The entries of the Perl program's exemption files: between blanks and commas.
std::vector<SpfConfLine> parse_perl_exemptions(std::string_view text); // name: empty

// What the installed Perl program reads, as its text has it: operators edit it.
struct PerlSpfProgram {
    std::string domains_file, addresses_file; // empty: it reads none
    std::vector<SpfConfLine> relays; // of `relay_addresses => map(..., qw( ... ))`, as it was before 2.011
};
PerlSpfProgram parse_perl_spf_program(std::string_view text);

// ::ffff:192.0.2.0/120 as 192.0.2.0/24; any other as it is.
std::string without_mapped_address(std::string_view network);

} // namespace postern
