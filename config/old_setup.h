// old_setup - what of the old programs nobody needs once Postfix asks Postern
//
// Told by what main.cf and master.cf have named before and name no more. An
// old program that is still named anywhere, in a restriction class or a
// service's own options, stays whole. Pure.
#pragma once

#include "config/old_programs.h"
#include "config/postconf.h"

#include <string>
#include <vector>

namespace postern {

struct OldSetup {
    std::vector<const OldProgram*> programs; // each name once
    std::vector<std::string> services;       // of master.cf, that start one on demand: "policyd-spf/unix", spawn(8)
    std::vector<std::string> parameters;     // of main.cf, that are for those: "policyd-spf_time_limit"

    bool has(Duty duty) const;
};

OldSetup unused(const PostfixConfig& before, const PostfixConfig& wanted);

} // namespace postern
