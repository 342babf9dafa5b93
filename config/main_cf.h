// main_cf - the lines of main.cf that plug Postern into this Postfix
//
// Whole parameters, ready for `postconf -e`: what stands in the lists of this
// host stays, our entries come to their places, and the entries of programs
// whose work we do are taken out. Everything else is a comment: what was taken
// out or stays and why, what else may go, and what is wrong with the host.
// Pure: what Postfix says of itself comes in as PostfixConfig.
// See: SMTPD_POLICY_README, MILTER_README, postconf(5)
#pragma once

#include "common/result.h"
#include "config/postconf.h"
#include "config/postfix_entries.h"
#include "config/run_program.h"
#include "config/settings.h"

#include <functional>
#include <string>
#include <vector>

namespace postern {

struct MainCfSource {
    std::string arguments; // of this run of the tool, for the command that sets the lines
    Config config;
    std::vector<InstanceConfig> instances{};
    Result<PostfixConfig> postfix; // or why it is not known
    PostfixWay way = PostfixWay::replace;
    std::string config_directory{}; // of a Postfix other than the host's, for that command
};

struct PostfixLines {
    std::vector<std::string> parameters; // of main.cf, as `postconf -e` takes them
    std::vector<std::string> services;   // of master.cf, as `postconf -P` does
    std::vector<std::string> remarks;    // for people
};
PostfixLines postfix_lines(const MainCfSource& source);

// The same as one text: the parameters are lines, all else is behind a #.
std::vector<std::string> main_cf(const MainCfSource& source);

// Asks postconf(1) for a configuration; `config_directory` empty: for the host's.
using RunPostconf = std::function<Result<ProgramAnswer>(const std::vector<std::string>& command)>;
Result<PostfixConfig> ask_postconf(const std::string& config_directory, const RunPostconf& run);

} // namespace postern
