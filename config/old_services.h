// old_services - the services of the programs that Postern replaces: stopped, and started again
//
// By systemd's names of Debian's packages. What ran, and what started with the
// host, is written down beside main.cf, services.before-postern, before
// anything is stopped, so that exactly that comes back:
//
//     postgrey active enabled
//
// Nothing is uninstalled. Where systemd does not run the operator is told which
// programs to stop or start: none is ever ended by its name.
// Failure: the Error has what systemctl(1) said.
#pragma once

#include "common/result.h"
#include "config/old_setup.h"
#include "config/postfix_files.h"

#include <string>
#include <vector>

namespace postern {

class OldServices {
public:
    OldServices(std::string postfix_directory, PostfixFiles::Run run);

    // The lines for the operator; empty: nothing was to be done.
    Result<std::vector<std::string>> stop(const OldSetup& old) const;
    Result<std::vector<std::string>> start_again() const; // forget() when they are asked again
    void forget() const;

private:
    struct Unit {
        std::string name;
        bool is_active = false;
        bool is_enabled = false;
    };

    Result<bool> has_systemd() const;
    Result<Unit> look_at(const std::string& name) const;
    Result<std::vector<Unit>> written_down() const;
    Result<> write_down(const std::vector<Unit>& units) const;
    Result<> systemctl(const std::vector<std::string>& words) const;

    std::string record_;
    PostfixFiles::Run run_;
};

} // namespace postern
