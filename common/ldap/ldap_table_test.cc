#include "common/ldap/ldap_table.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace postern {
namespace {

const MailAddress user{"user", "example.org"};

// As the image of mikenye writes it.
constexpr auto mikenye = R"(server_host = 192.0.2.1,192.0.2.2
search_base = DC=example,DC=org
version = 3
query_filter = (&(|(objectclass=person)(objectclass=group))(proxyAddresses=smtp:%s))
result_attribute = proxyAddresses
result_format = OK
bind = yes
bind_dn = CN=svc-mailrelay,OU=Service Accounts,DC=example,DC=org
bind_pw = 12345
)";

std::string all(const std::vector<Error>& faults)
{
    std::string text;
    for (const auto& fault : faults)
        text += (text.empty() ? "" : "; ") + fault.what;
    return text;
}

} // namespace

TEST_CASE("parse_ldap_table: a gateway before Active Directory")
{
    const auto table = parse_ldap_table(mikenye, "ldap.cf");
    REQUIRE(table);
    const auto& options = table->options;
    REQUIRE(options.servers.size() == 2);
    CHECK(options.servers[0].text() == "ldap://192.0.2.1:389");
    CHECK(options.servers[1].text() == "ldap://192.0.2.2:389");
    CHECK(options.base.expand(user) == "DC=example,DC=org");
    CHECK(options.filter.expand(user)
          == "(&(&(|(objectclass=person)(objectclass=group))(proxyAddresses=smtp:user@example.org))(proxyAddresses=*))");
    CHECK(options.bind_dn == "CN=svc-mailrelay,OU=Service Accounts,DC=example,DC=org");
    CHECK(options.bind_password == "12345");
    CHECK(options.scope == LdapScope::sub);
    CHECK(options.timeout == std::chrono::seconds(10));
    CHECK_FALSE(options.start_tls);
    CHECK(table->domains.empty());
    CHECK(table->warnings.empty());
}

TEST_CASE("parse_ldap_table: every parameter that is used")
{
    const auto table = parse_ldap_table(R"(# a comment
server_host = dc1 dc2:1389,
    # a comment inside
    [2001:db8::1]
server_port=3268
timeout = 4
search_base = uid=%u,dc=%2,dc=%1
query_filter = objectclass=*
result_attribute = mail, uid
special_result_attribute = member
result_format = %s
domain = Example.ORG, b%c3cher.example
 /etc/postfix/domains
scope = base
bind = no
bind_dn = cn=not,dc=used
dereference = 3
start_tls = YES
tls_require_cert = yes
tls_ca_cert_file = /ca.pem
tls_ca_cert_dir = /ca
tls_cert = /cert.pem
tls_key = /key.pem
tls_cipher_suite = NORMAL)",
                                        "ldap.cf");
    REQUIRE(table);
    const auto& options = table->options;
    REQUIRE(options.servers.size() == 3);
    CHECK(options.servers[0].text() == "ldap://dc1:3268");
    CHECK(options.servers[1].text() == "ldap://dc2:1389");
    CHECK(options.servers[2].text() == "ldap://[2001:db8::1]:3268");
    CHECK(options.timeout == std::chrono::seconds(4));
    CHECK(options.base.expand(user) == "uid=user,dc=example,dc=org");
    CHECK(options.filter.expand(user) == "(&(objectclass=*)(|(mail=*)(uid=*)(member=*)))");
    CHECK(table->domains == std::vector<std::string>{"example.org", "b%c3cher.example"});
    CHECK(table->domain_files == std::vector<std::string>{"/etc/postfix/domains"});
    CHECK(options.scope == LdapScope::base);
    CHECK(options.bind_dn.empty());
    CHECK(options.dereference == 3);
    CHECK(options.start_tls);
    CHECK(options.verify);
    CHECK(options.ca == "/ca.pem");
    CHECK(options.ca_folder == "/ca");
    CHECK(options.certificate == "/cert.pem");
    CHECK(options.key == "/key.pem");
    CHECK(options.ciphers == "NORMAL");
    CHECK(table->warnings.empty());
}

TEST_CASE("parse_ldap_table: Postfix's defaults")
{
    const auto table = parse_ldap_table("search_base = dc=x", "ldap.cf");
    REQUIRE(table);
    CHECK(table->options.servers.at(0).text() == "ldap://localhost:389");
    CHECK(table->options.filter.expand(user) == "(&(mailacceptinggeneralid=user@example.org)(maildrop=*))");
    CHECK_FALSE(table->options.verify);
}

TEST_CASE("parse_ldap_table: what is warned of")
{
    struct Case {
        const char* line;
        const char* want;
    };
    const Case cases[] = {
        {"size_limit = 1", "ldap.cf:2: size_limit: is not used: only whether the address exists is asked"},
        {"expansion_limit = 1", "ldap.cf:2: expansion_limit: is not used: only whether the address exists is asked"},
        {"recursion_limit = 1", "ldap.cf:2: recursion_limit: is not used: only whether the address exists is asked"},
        {"tls_random_file = /dev/random", "ldap.cf:2: tls_random_file: is not used: the TLS library has a better source"},
        {"debuglevel = 1",
         "ldap.cf:2: debuglevel: is not used: \"postern status\" and the log say what is wrong with a server"},
        {"cache = yes", "ldap.cf:2: cache: is not used: Postern's cache is set in [recipient]"},
        {"cache_expiry = 30", "ldap.cf:2: cache_expiry: is not used: Postern's cache is set in [recipient]"},
        {"cache_size = 30", "ldap.cf:2: cache_size: is not used: Postern's cache is set in [recipient]"},
        {"server_host = ldaps://dc1", "ldap.cf: tls_require_cert: is no: whoever stands in between can be the server"},
        {"start_tls = yes\ntls_require_cert = no",
         "ldap.cf:3: tls_require_cert: is no: whoever stands in between can be the server"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.line);
        const auto table = parse_ldap_table(fmt::format("search_base = dc=x\n{}\n", c.line), "ldap.cf");
        REQUIRE(table);
        REQUIRE(table->warnings.size() == 1);
        CHECK(table->warnings[0] == c.want);
    }
}

TEST_CASE("parse_ldap_table: faults")
{
    struct Case {
        const char* name;
        const char* line; // after a search_base
        const char* want;
    };
    const Case cases[] = {
        {"unknown", "sever_host = dc1", "ldap.cf:2: sever_host: ldap_table(5) has no such parameter"},
        {"no =", "server_host dc1", "ldap.cf:2: \"name = value\" is wanted, not \"server_host dc1\""},
        {"no name", "= dc1", "ldap.cf:2: \"name = value\" is wanted, not \"\""},
        {"server", "server_host = http://dc1",
         "ldap.cf:2: server_host: \"http://dc1\": http:// is none of ldap://, ldaps:// and ldapi://"},
        {"no server", "server_host = ,", "ldap.cf:2: server_host: names no server"},
        {"port", "server_port = x", "ldap.cf:2: server_port: \"x\" is not a number from 1 to 65535"},
        {"timeout", "timeout = 0", "ldap.cf:2: timeout: \"0\" is not a number from 1 to 600"},
        {"base", "search_base = %x", "ldap.cf:2: search_base: \"%x\" is not a name such as ou=people,dc=example,dc=org"},
        {"filter", "query_filter = (mail=%s",
         "ldap.cf:2: query_filter: ) is missing, at character 9 of \"(mail=%s\""},
        {"placeholder", "query_filter = (mail=%x)",
         "ldap.cf:2: query_filter: %x stands for nothing here; %s, %u, %d, %1 to %9 and %% do"},
        {"filter without the address", "query_filter = (mail=*)",
         "ldap.cf:2: query_filter: asks for no part of the address: every address would exist"},
        {"attribute", "result_attribute = a(b", "ldap.cf:2: result_attribute: \"a(b\" is not a list of attributes"},
        {"result that refuses", "result_format = REJECT no",
         "ldap.cf:2: result_format: reject of what is found: a directory here says who exists"},
        {"the old name of it", "result_filter = 550 no",
         "ldap.cf:2: result_filter: 550 of what is found: a directory here says who exists"},
        {"scope", "scope = all", "ldap.cf:2: scope: \"all\" is not one of: sub, one, base"},
        {"domain table", "domain = hash:/etc/x",
         "ldap.cf:2: domain: \"hash:/etc/x\": tables are not read; names and files of names are"},
        {"domain negated", "domain = !example.org", "ldap.cf:2: domain: \"!example.org\" is not a domain"},
        {"bind", "bind = maybe", "ldap.cf:2: bind: \"maybe\" is not one of: yes, no, simple, none"},
        {"SASL", "bind = sasl", "ldap.cf:2: bind: SASL is not supported; bind = simple over TLS is"},
        {"SASL's own", "sasl_mechs = gssapi",
         "ldap.cf:2: sasl_mechs: SASL is not supported; bind = simple over TLS is"},
        {"version", "version = 2", "ldap.cf:2: version: only version 3 is spoken"},
        {"boolean", "start_tls = true", "ldap.cf:2: start_tls: \"true\" is neither yes nor no"},
        {"TLS twice", "start_tls = yes\ntls_require_cert = yes\nserver_host = ldaps://a",
         "ldap.cf:2: start_tls: an ldaps:// server has TLS already"},
        {"dereference", "dereference = 4", "ldap.cf:2: dereference: \"4\" is not a number from 0 to 3"},
        {"referrals", "chase_referrals = yes",
         "ldap.cf:2: chase_referrals: referrals are not followed; name the servers that hold the entries"},
        {"two", "a = b\nc = d",
         "ldap.cf:2: a: ldap_table(5) has no such parameter; ldap.cf:3: c: ldap_table(5) has no such parameter"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto table = parse_ldap_table(fmt::format("search_base = dc=x\n{}\n", c.line), "ldap.cf");
        REQUIRE_FALSE(table);
        CHECK(all(table.error()) == c.want);
    }
    CHECK(all(parse_ldap_table("", "ldap.cf").error()) == "ldap.cf: search_base is missing");
    CHECK(all(parse_ldap_table("\n goes on\nsearch_base = dc=x", "ldap.cf").error())
          == "ldap.cf:2: begins with a blank, but there is no line before that it could go on with");
    CHECK(parse_ldap_table("", "ldap.cf").error().size() == 1);
}

} // namespace postern
