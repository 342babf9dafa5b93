// ldap_url - where a directory server listens, as the operator writes it
//
//     ldap://dc1.example.org       ldap://192.0.2.1:3268      ldap://[2001:db8::1]
//     ldaps://dc1.example.org      TLS from the first octet, port 636
//     ldapi://%2Frun%2Fslapd%2Fldapi    a Unix socket; ldapi:/// is slapd's own
//     dc1.example.org  dc1:1389    the same as ldap://
//
// RFC 4516 knows more (a base, a filter): settings of their own have those, so
// here they are faults. Pure: nobody is asked whether the host exists.
#pragma once

#include "common/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace postern {

enum class LdapScheme { ldap, ldaps, ldapi };

struct LdapUrl {
    LdapScheme scheme = LdapScheme::ldap;
    std::string host; // without brackets; empty with ldapi
    std::uint16_t port = 0;
    std::string path; // of the Unix socket

    std::string text() const; // as libldap takes it, with its port

    bool operator==(const LdapUrl&) const = default;
};

// `default_port` is for ldap:// and for a bare host.
Result<LdapUrl> parse_ldap_url(std::string_view text, std::uint16_t default_port = 389);

} // namespace postern
