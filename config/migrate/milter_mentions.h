// milter_mentions - does Postfix ask this milter?
//
// By smtpd_milters and non_smtpd_milters, of main.cf or of a service of
// master.cf. Where main.cf was not found nobody can say, and the answer is yes.
#pragma once

#include "config/migrate/old_postfix.h"

#include <string_view>

namespace postern {

// `socket`: as the milter is told, "inet:8891@localhost", "local:/run/x", "unix:/run/x"; empty: not known.
bool is_asked_milter(const OldPostfix& postfix, std::string_view program, std::string_view socket);

// By an address that only this program has (old_programs.h).
bool is_named_milter(const OldPostfix& postfix, std::string_view program);

} // namespace postern
