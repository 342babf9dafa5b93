#include "common/ldap/ldap_url.h"

#include <doctest/doctest.h>

namespace postern {

TEST_CASE("parse_ldap_url")
{
    struct Case {
        const char* name;
        const char* input;
        const char* want; // as text(); or the Error
    };
    const Case cases[] = {
        {"a host", "dc1.example.org", "ldap://dc1.example.org:389"},
        {"a host and a port", "dc1:1389", "ldap://dc1:1389"},
        {"an address", "192.0.2.1", "ldap://192.0.2.1:389"},
        {"IPv6 in brackets", "[2001:db8::1]:3268", "ldap://[2001:db8::1]:3268"},
        {"IPv6 bare", "2001:db8::1", "ldap://[2001:db8::1]:389"},
        {"ldap", "ldap://dc1", "ldap://dc1:389"},
        {"a slash at the end", "ldap://dc1/", "ldap://dc1:389"},
        {"ldaps", "ldaps://dc1", "ldaps://dc1:636"},
        {"ldaps with a port", "LDAPS://dc1:3269", "ldaps://dc1:3269"},
        {"ldapi", "ldapi://%2Frun%2Fslapd%2Fldapi", "ldapi://%2Frun%2Fslapd%2Fldapi"},
        {"ldapi, slapd's own", "ldapi:///", "ldapi://%2Frun%2Fslapd%2Fldapi"},
        {"empty", "", "\"\" is not a server such as ldap://dc1.example.org"},
        {"no host", "ldap://", "\"ldap://\" is not a server such as ldap://dc1.example.org"},
        {"a blank", "a b", "\"a b\" is not a server such as ldap://dc1.example.org"},
        {"no port", "dc1:", "\"dc1:\": \"\" is not a port"},
        {"port 0", "dc1:0", "\"dc1:0\": \"0\" is not a port"},
        {"port too high", "dc1:65536", "\"dc1:65536\": \"65536\" is not a port"},
        {"bracket open", "[::1", "\"[::1\" is not a server such as ldap://dc1.example.org"},
        {"junk after the bracket", "[::1]x", "\"[::1]x\" is not a server such as ldap://dc1.example.org"},
        {"other scheme", "http://dc1", "\"http://dc1\": http:// is none of ldap://, ldaps:// and ldapi://"},
        {"a base", "ldap://dc1/dc=example",
         "\"ldap://dc1/dc=example\" names more than a server: base and filter have settings of their own"},
        {"ldapi, not absolute", "ldapi://run",
         "\"ldapi://run\" wants the path of a socket, such as ldapi://%2Frun%2Fslapd%2Fldapi"},
        {"ldapi, a NUL", "ldapi://%2Frun%00",
         "\"ldapi://%2Frun%00\" wants the path of a socket, such as ldapi://%2Frun%2Fslapd%2Fldapi"},
        {"ldapi, half an octet", "ldapi://%2",
         "\"ldapi://%2\" wants the path of a socket, such as ldapi://%2Frun%2Fslapd%2Fldapi"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto url = parse_ldap_url(c.input);
        CHECK((url ? url->text() : url.error().what) == c.want);
        if (url)
            CHECK(parse_ldap_url(url->text()) == *url);
    }
    CHECK(parse_ldap_url("dc1", 3268)->port == 3268);
    CHECK(parse_ldap_url("ldaps://dc1", 3268)->port == 636);
}

} // namespace postern
