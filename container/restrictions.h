// restrictions - who may send to whom: the lists of smtpd(8), in the order of the gateway's manual
//
// Two differences, both told in README.md: the directory is asked before
// greylisting, so that unknown recipients are refused at once and do not fill
// its store, and with a directory the last word is `permit`, since the
// directory's own "not there" has been said by then.
// Pure.
#pragma once

#include "container/plan.h"

#include <string>
#include <vector>

namespace postern {

std::vector<std::string> helo_restrictions(const Plan& plan);
std::vector<std::string> recipient_restrictions(const Plan& plan);
std::vector<std::string> login_restrictions(const Plan& plan); // of 587 and 465: who has logged in, and nobody else
std::vector<std::string> data_restrictions(const Plan& plan);

} // namespace postern
