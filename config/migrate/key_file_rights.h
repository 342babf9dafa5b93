// key_file_rights - may Postern read and use this private key of an old program?
//
// It must belong to root or to the daemon, whom its group lets read it, and the
// folders above must let the daemon through. What is to be done about it is
// told, with the command; nothing is done.
#pragma once

#include "config/migrate/old_host.h"

#include <optional>
#include <string>
#include <sys/types.h>

namespace postern {

struct KeyReader { // who the daemon is here; nullopt: there is no such account yet
    std::optional<uid_t> user;
    std::optional<gid_t> group;
};

struct KeyFileRights {
    bool is_there = false;
    std::string problem{}; // why it cannot be looked at; empty: it can
    std::string command{}; // of the shell, that gives it the owner and the modes it wants; empty: it has them
};

KeyFileRights look_at_key_file(const OldHost& host, const std::string& path, const KeyReader& reader);

} // namespace postern
