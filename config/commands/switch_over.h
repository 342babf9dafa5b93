// switch_over - `postern enable --replace`: from the old programs to Postern, and nothing delayed on the way
//
// In this order, each step only if the one before it went well:
//
//     1. postgrey's greylist is imported, while all goes on as before
//     2. Postfix has its new lines, and is reloaded
//     3. the sessions that began with the old lines end; until then the old programs answer them
//     4. the greylist is imported once more: what postgrey has learned meanwhile
//     5. the old programs' services go from master.cf, and those of the host are stopped
//
// A program that another Postfix of this host asks (multi_instance_directories)
// goes on: its service is not stopped.
// Sessions that do not end in time are no fault: then step 5 is left for the
// next run of the same command, which begins where this one has ended.
#pragma once

#include "config/enable.h"
#include "config/old_services.h"

#include <chrono>
#include <string>
#include <vector>

namespace postern {

struct SwitchOverOptions {
    std::string config_path;
    std::string postgrey; // its folder; empty: its greylist is not taken over
    std::chrono::seconds patience{600};
};

class SwitchOver {
public:
    SwitchOver(PostfixFiles files, PostfixFiles::Run run, SwitchOverOptions options);

    // What will be changed, all of it, and said about it.
    Result<> plan(PostfixChange enabled);
    const std::string& difference() const { return difference_; }
    std::vector<std::string> remarks() const;
    bool has_work() const { return !difference_.empty() || !old_.programs.empty(); }

    // The exit status of the command; prints what it does.
    int carry_out() const;

private:
    Result<> leave_to_others();
    Result<> import_greylist() const;
    Result<bool> change_postfix() const; // whether it runs
    Result<bool> wait_for_sessions() const; // false: some have not ended
    Result<std::string> queue_directory() const;

    PostfixFiles files_;
    PostfixFiles::Run run_;
    SwitchOverOptions options_;
    OldServices services_;
    PostfixChange enabled_, removal_;
    OldSetup old_;
    std::vector<std::string> going_on_; // remarks
    std::string difference_;
};

} // namespace postern
