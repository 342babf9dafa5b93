// enable_command - `postern enable` and `postern disable`
//
// Both show what they will change in main.cf and master.cf, ask, and do it.
// Enabling refuses where a daemon does not answer: Postfix would ask nobody.
// With --observe nothing of the old setup changes; with --replace the old
// programs end (switch_over.h), and disabling starts them again first.
// The exit status is 0 if the Postfix is as it was asked for, also if nothing
// was to be done; 1 if not.
#pragma once

#include "common/options.h"
#include "config/enable.h"
#include "config/postfix_files.h"
#include "config/settings.h"

#include <string>

namespace postern {

class EnableCommand {
public:
    enum class Direction { enable, disable };

    EnableCommand(const Command& program, Direction direction, int& status);

private:
    int run() const;
    Result<std::string> postfix_directory() const;
    int enable(const PostfixFiles& files) const;
    int replace(const PostfixFiles& files, PostfixChange change) const;
    int disable(const PostfixFiles& files) const;
    Result<bool> is_agreed_to(const PostfixChange& change) const; // what it is was shown
    Result<> daemons_answer(const LoadedHost& host) const;

    Direction direction_;
    std::string path_{default_config_path};
    std::string postfix_;       // empty: the host's
    bool is_sure_ = false;      // do not ask
    bool is_trial_ = false;     // only show
    bool without_daemons_ = false;
    bool observes_ = false;
    bool replaces_ = false;
    bool without_greylist_ = false;
    std::string postgrey_{"/var/lib/postgrey"};
    int patience_ = 600; // seconds
};

} // namespace postern
