// ldap_socket - a connection to a server, made by a thread that can be stopped
//
// Blocks for as long as `timeout` says, but not once it is stopped: a daemon
// that ends, or takes a new configuration, need not wait for a dead server.
// Not libldap's own connect(), which cannot be interrupted.
// Names are asked of the system (getaddrinfo), with /etc/hosts. Each address
// of a name gets its share of the time.
#pragma once

#include "common/clock.h"
#include "common/file_descriptor.h"
#include "common/ldap/ldap_url.h"
#include "common/result.h"

#include <chrono>
#include <mutex>

namespace postern {

// Ends what another thread waits for.
class LdapStop {
public:
    LdapStop();

    void stop(); // once and for all

    int descriptor() const { return event_.get(); } // readable when stopped

    // While a library waits for a socket by itself: stop() ends that, too.
    class Guard {
    public:
        Guard(LdapStop& stop, int socket);
        ~Guard();
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

    private:
        LdapStop& stop_;
    };

private:
    FileDescriptor event_;
    std::mutex mutex_;
    bool stopped_ = false;
    int guarded_ = -1;
};

enum class Waited { ready, late, stopped };

// Waits until `descriptor` is ready for `events` of poll(2).
Waited wait_for(int descriptor, short events, const LdapStop& stop, Deadline deadline);

// Connected, and not blocking.
Result<FileDescriptor> connect_ldap_socket(const LdapUrl& url, std::chrono::milliseconds timeout,
                                          const LdapStop& stop);

} // namespace postern
