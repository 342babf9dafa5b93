// ldap_options - one directory: its servers, what is searched and how
//
// From a [[ldap]] section or from a file of Postfix's (ldap_table.h). Plain
// data, whole and checked: whoever has one can ask.
#pragma once

#include "common/ldap/ldap_template.h"
#include "common/ldap/ldap_url.h"

#include <chrono>
#include <string>
#include <vector>

namespace postern {

enum class LdapScope { sub, one, base };

struct LdapOptions {
    std::string name;             // for the log
    std::vector<LdapUrl> servers; // the first that works is asked
    LdapTemplate base;
    LdapTemplate filter;
    LdapScope scope = LdapScope::sub;
    int dereference = 0; // as LDAP_OPT_DEREF: never, searching, finding, always

    std::string bind_dn; // empty: anonymous
    std::string bind_password;

    bool start_tls = false;
    bool verify = true;    // the server's certificate, and that it is for the name in `servers`
    std::string ca;        // file; empty: the system's
    std::string ca_folder;
    std::string certificate; // of our own; a file
    std::string key;
    std::string ciphers; // as the TLS library writes them; empty: its own choice

    std::chrono::milliseconds connect_timeout{2000}; // until TLS is up and we are logged in, each step of it
    std::chrono::milliseconds timeout{5000};         // for one answer
    bool ignore_referrals = false;
    std::string canary; // an address that exists; empty: none

    bool operator==(const LdapOptions&) const = default;
};

// How Active Directory keeps all addresses of users and groups.
constexpr std::string_view active_directory_filter =
    "(&(|(objectclass=person)(objectclass=group))(proxyAddresses=smtp:%s))";

} // namespace postern
