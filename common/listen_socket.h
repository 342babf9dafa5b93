// listen_socket - a socket that takes connections, ready to be handed on
//
// Done at start, before privileges are dropped. The result is a plain
// descriptor (blocking, close-on-exec), so that Asio (acceptor.assign) and
// libmilter ("fd:N") can both have it.
//
// From systemd: if a socket unit passes a descriptor with
// FileDescriptorName= `activation_name`, that one is taken and the rest of
// the options is the unit's affair.
//
// Unix sockets: a missing directory is made (one level: its parent must be
// there), mode 2750, with the owner and the group of the socket, so that
// Postfix can pass through it, in its chroot too. A socket nobody listens on
// any more is replaced; one that is alive is an Error ("in use by another
// process"), and what is not a socket is never removed. Nobody can connect
// before owner, group and mode are set. The socket is left behind at the
// end: the next start replaces it, and one that somebody else has put in its
// place meanwhile cannot be removed by mistake.
//
// Inet sockets listen on an address, not a name: a name may mean several.
// [::] takes IPv4 clients too.
#pragma once

#include "common/file_descriptor.h"
#include "common/result.h"
#include "common/socket_address.h"

#include <string>
#include <sys/types.h>

namespace postern {

struct ListenOptions {
    SocketAddress address;
    std::string activation_name{}; // FileDescriptorName= of a systemd socket unit; empty: never from there
    mode_t mode = 0660;            // of a Unix socket
    std::string owner{};           // of a Unix socket and a directory made for it; empty: as it comes
    std::string group{};           // likewise; Postfix's is "postfix"
};

Result<FileDescriptor> open_listen_socket(const ListenOptions& options);

// The file of a Unix socket that was opened just now. It can be removed or replaced while the daemon listens on, and
// then nobody who comes by its path gets there.
class SocketFile {
public:
    explicit SocketFile(const SocketAddress& address);

    // Why its path does not lead here; empty: it does, as far as one can see. An inet socket has none.
    std::string trouble() const;

private:
    struct Identity {
        dev_t device = 0;
        ino_t inode = 0;
        bool operator==(const Identity&) const = default;
    };

    std::string path_; // empty: there is none to look at
    Identity identity_;
};

} // namespace postern
