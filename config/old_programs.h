// old_programs - the programs whose work Postern does, as main.cf names them
//
// Known by the address of their socket: what distributions and the usual
// guides set. Pure.
#pragma once

#include "config/config.h"

#include <string_view>

namespace postern {

enum class Duty { spf, greylist, dkim, clamav };

struct OldProgram {
    std::string_view sign; // part of its address in main.cf
    std::string_view name;
    Duty duty;
    std::string_view unit; // of Debian's package; empty: Postfix starts it itself
};

const OldProgram* find_old_policy_service(std::string_view address); // nullptr: not one we know
const OldProgram* find_old_milter(std::string_view address);

std::string_view section_of(Duty duty);

// Is any DNS list asked?
bool asks_dns_lists(const Config& config);

// Why a duty is not wholly ours with this configuration; empty: it is, and the old program may go.
std::string_view why_not_ours(const Config& config, Duty duty);

} // namespace postern
