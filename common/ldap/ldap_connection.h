// ldap_connection - one connection to a directory server, through libldap
//
// open() connects, starts TLS and logs in, and blocks meanwhile; from then on
// many searches may be under way at a time, and nothing blocks. For one thread.
// The server's certificate is verified unless the options say no, against the
// given or the system's authorities, for the name in the URL. What libldap
// reads elsewhere (/etc/ldap/ldap.conf, LDAP... in the environment) is
// overruled. Referrals are not followed.
// Failure: an Error says at which step. After one of send() or receive() the
// connection is of no use any more. A bind DN without a password is refused:
// servers take that for an anonymous login (RFC 4513 5.1.2).
// libldap is loaded at the first use (see module.h); only ldap_module.cc knows it.
#pragma once

#include "common/ldap/ldap_options.h"
#include "common/ldap/ldap_search.h"
#include "common/ldap/ldap_socket.h"
#include "common/result.h"

#include <memory>
#include <optional>

namespace postern {

class LdapConnection {
public:
    using Open = Result<std::unique_ptr<LdapConnection>>(const LdapOptions& options, const LdapUrl& url, LdapStop& stop);

    // Once, before any thread opens one: loads what is needed. If that fails, so does each open().
    static void initialize();

    // `stop` outlives the call, and ends it.
    static Open open;
    virtual ~LdapConnection() = default;

    virtual int descriptor() const = 0; // readable: call receive()

    virtual Result<int> send(const LdapSearch& search) = 0; // a number that the answer will have

    struct Arrival {
        int number = 0;
        LdapReply reply;
    };
    // The next answer that is there as a whole; nothing: wait. Until there is none.
    virtual Result<std::optional<Arrival>> receive() = 0;
};

} // namespace postern
