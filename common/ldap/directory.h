// directory - does this address exist?
//
// Three answers, never blurred: it does, it does not, or the directory cannot
// say (the reason is for the log). Whoever asks decides what the third is worth.
#pragma once

#include "common/clock.h"
#include "common/mail_address.h"

#include <asio/awaitable.hpp>
#include <string>
#include <vector>

namespace postern {

enum class DirectoryStatus { exists, not_there, unavailable };

struct DirectoryAnswer {
    DirectoryStatus status = DirectoryStatus::unavailable;
    std::string reason{}; // why it is unavailable
};

struct DirectoryServerState {
    std::string server;  // "ldap://dc1.example.org:389"
    bool is_known = true; // false: it has not been asked yet
    std::string trouble; // why it is left alone; empty: it is asked
};

struct DirectoryState {
    std::string name;
    std::string trouble; // why no server can be asked; empty: one can
    std::vector<DirectoryServerState> servers;
};

class Directory {
public:
    virtual ~Directory() = default;

    // Must not be destroyed while this is under way.
    virtual asio::awaitable<DirectoryAnswer> find(MailAddress address, Deadline deadline) = 0;

    virtual DirectoryState state() const = 0;
};

} // namespace postern
