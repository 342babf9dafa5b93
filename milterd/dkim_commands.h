// dkim_commands - the command line of `dkim`, for postern(1) to pass on
//
// opendkim-genkey's options are those of `dkim new`, opendkim-testkey's those
// of `dkim check`, by the same letters and names.
#pragma once

#include "common/options.h"
#include "milterd/dkim_tool.h"

#include <string>
#include <vector>

namespace postern {

class DkimCommands {
public:
    explicit DkimCommands(const Command& program);

    bool is_wanted() const;
    const DkimCommand& command() const { return command_; }

private:
    Command add(const std::string& name, const std::string& text);
    void add_new();
    void add_rotate();
    void add_check();
    void add_list();
    void add_zone();

    Command dkim_;
    DkimCommand command_;
    std::string algorithm_;
    std::string domain_option_;
    bool is_verbose_ = false; // of opendkim's tools: means nothing
};

} // namespace postern
