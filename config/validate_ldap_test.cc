#include "config/read_config.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

// The faults, or else the warnings, one a line.
std::string problems(const std::string& toml, bool is_readable_by_all = false)
{
    std::string text;
    const auto got = read_config({"p.toml", toml, {}, {}, is_readable_by_all});
    if (!got)
        for (const auto& fault : got.error())
            text += fault.what + "\n";
    else
        for (const auto& warning : got->warnings)
            text += warning + "\n";
    return text;
}

constexpr auto staff = "[[ldap]]\nname = \"staff\"\n";
constexpr auto whole = "[[ldap]]\nname = \"staff\"\nservers = [\"ldaps://dc1\"]\nbase = \"dc=x\"\nfilter = \"(mail=%s)\"\n";

} // namespace

TEST_CASE("[[ldap]]: the defaults, and all of it")
{
    const auto plain = read_config({"p.toml", whole});
    REQUIRE(plain);
    CHECK(plain->warnings.empty());
    REQUIRE(plain->config.ldap.size() == 1);
    const auto& ldap = plain->config.ldap[0];
    CHECK(ldap.verify);
    CHECK(ldap.scope == "sub");
    CHECK(ldap.timeout == std::chrono::seconds(5));
    CHECK(ldap.connect_timeout == std::chrono::seconds(2));
    CHECK(plain->config.recipient.unknown == UnknownRecipient::reject);
    CHECK(plain->config.recipient.unavailable == UnavailableDirectory::defer);
    CHECK(problems("[[ldap]]\nname = \"a\"\ntable = \"/etc/postfix/ldap.cf\"\ndomains = [\"example.org\"]\n"
                   "canary = \"postmaster@example.org\"\n[recipient]\naccess = \"/etc/postfix/access\"\n"
                   "delimiters = \"+-\"\nunknown = \"defer\"\nunavailable = \"pass\"\n")
          == "");
}

TEST_CASE("[[ldap]] from the environment, the password from a file")
{
    const auto got = read_config({"p.toml",
                                  "",
                                  {{"POSTERN_LDAP_1_NAME", "staff"},
                                   {"POSTERN_LDAP_1_SERVERS", "ldaps://dc1,ldaps://dc2"},
                                   {"POSTERN_LDAP_1_BASE", "dc=x"},
                                   {"POSTERN_LDAP_1_PRESET", "active_directory"},
                                   {"POSTERN_LDAP_1_BIND_DN", "cn=a,dc=x"},
                                   {"POSTERN_LDAP_1_BIND_PASSWORD_FILE", "/run/secrets/ldap"}},
                                  [](const std::string&) { return Result<std::string>("a#b c\n"); },
                                  true});
    REQUIRE(got);
    CHECK(got->warnings.empty());
    REQUIRE(got->config.ldap.size() == 1);
    CHECK(got->config.ldap[0].servers == Texts{"ldaps://dc1", "ldaps://dc2"});
    CHECK(got->config.ldap[0].bind_password == "a#b c");
}

TEST_CASE("[[ldap]] and [recipient]: faults")
{
    struct Case {
        const char* name;
        std::string toml;
        const char* want;
    };
    const Case cases[] = {
        {"nothing said", staff,
         "p.toml:1: ldap: staff: servers is missing, or table\np.toml:1: ldap: staff: base is missing\n"
         "p.toml:1: ldap: staff: filter is missing, or preset\n"},
        {"no name", "[[ldap]]\n", "p.toml:1: ldap: name is missing\n"},
        {"two of one name", std::string(whole) + whole, "p.toml:6: ldap: staff stands twice, first at p.toml:1: ldap\n"},
        {"server", std::string(staff) + "servers = [\"http://a\"]\n",
         "p.toml:3: ldap.servers: \"http://a\": http:// is none of ldap://, ldaps:// and ldapi://\n"},
        {"base", std::string(staff) + "base = \"example\"\n",
         "p.toml:3: ldap.base: \"example\" is not a name such as ou=people,dc=example,dc=org\n"},
        {"filter", std::string(staff) + "filter = \"(mail=%s\"\n",
         "p.toml:3: ldap.filter: ) is missing, at character 9 of \"(mail=%s\"\n"},
        {"preset", std::string(staff) + "preset = \"exchange\"\n",
         "p.toml:3: ldap.preset: \"exchange\" is not one of: none, active_directory\n"},
        {"scope", std::string(staff) + "scope = \"all\"\n",
         "p.toml:3: ldap.scope: \"all\" is not one of: sub, one, base\n"},
        {"canary", std::string(staff) + "canary = \"bird\"\n", "p.toml:3: ldap.canary: \"bird\" is not an address\n"},
        {"domain", std::string(staff) + "domains = [\"a b\"]\n", "p.toml:3: ldap.domains: \"a b\" is not a domain name\n"},
        {"table", std::string(staff) + "table = \"ldap.cf\"\n",
         "p.toml:3: ldap.table: \"ldap.cf\" is not an absolute path\n"},
        {"filter and preset", std::string(whole) + "preset = \"active_directory\"\n",
         "p.toml:1: ldap: staff: filter and preset: which of them counts?\n"},
        {"beside a table", std::string(whole) + "table = \"/x\"\n",
         "p.toml:1: ldap: staff: servers has no place beside table, which says it\n"
         "p.toml:1: ldap: staff: base has no place beside table, which says it\n"
         "p.toml:1: ldap: staff: filter has no place beside table, which says it\n"},
        {"filter without the address",
         std::string(staff) + "servers = [\"ldaps://a\"]\nbase = \"dc=x\"\nfilter = \"(mail=*)\"\n",
         "p.toml:1: ldap: staff: filter asks for no part of the address: every address would exist\n"},
        {"TLS twice", std::string(whole) + "start_tls = true\n",
         "p.toml:1: ldap: staff: start_tls: an ldaps:// server has TLS already\n"},
        {"half a certificate", std::string(whole) + "key = \"/k\"\n",
         "p.toml:1: ldap: staff: certificate and key go together\n"},
        {"unknown", "[recipient]\nunknown = \"drop\"\n",
         "p.toml:2: recipient.unknown: \"drop\" is not one of: reject, defer\n"},
        {"text", "[recipient]\ntext = \"100% sure\"\n",
         "p.toml:2: recipient.text: holds a %, which stands for nothing here\n"},
        {"delimiters", "[recipient]\ndelimiters = \"a\"\n",
         "p.toml:2: recipient.delimiters: \"a\" is not a delimiter such as + or -\n"},
        {"access", "[recipient]\naccess = \"hash:/etc/x\"\n",
         "p.toml:2: recipient.access: \"hash:/etc/x\" is not an absolute path\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(problems(c.toml) == c.want);
    }
}

TEST_CASE("[[ldap]]: warnings")
{
    struct Case {
        const char* name;
        std::string toml;
        const char* want;
        bool is_readable_by_all = false;
    };
    const std::string login = "bind_dn = \"cn=a,dc=x\"\nbind_password = \"secret\"\n";
    const std::string clear = "[[ldap]]\nname = \"staff\"\nservers = [\"ldap://127.0.0.1\", \"ldap://dc1\"]\n"
                              "base = \"dc=x\"\nfilter = \"(mail=%s)\"\n";
    const Case cases[] = {
        {"no password", std::string(whole) + "bind_dn = \"cn=a,dc=x\"\n",
         "p.toml:1: ldap: staff: bind_dn without bind_password: nobody is asked, mail waits\n"},
        {"nobody to log in", std::string(whole) + "bind_password = \"secret\"\n",
         "p.toml:1: ldap: staff: bind_password is not used without bind_dn\n"},
        {"a password in the clear", clear + login,
         "p.toml:1: ldap: staff: bind_password goes to dc1 as everybody on the way may read it; start_tls or ldaps:// "
         "would hide it\n"},
        {"hidden by STARTTLS", clear + login + "start_tls = true\n", ""},
        {"not verified", std::string(whole) + "verify = false\n",
         "p.toml:1: ldap: staff: verify is false: whoever stands in between can be the server\n"},
        {"a file that everybody may read", std::string(whole) + login,
         "p.toml:7: ldap.bind_password: everybody may read this file: chmod o-r, or put it into a file of its own and "
         "name that in POSTERN_LDAP_N_BIND_PASSWORD_FILE\n",
         true},
        {"longer than the deadline", std::string(whole) + "timeout = \"30s\"\n",
         "p.toml:1: ldap: staff: timeout (30000 ms) is cut short by policyd.deadline (20s)\n"},
        {"not asked", std::string(whole) + "[policyd]\nchecks = [\"spf\"]\n",
         "p.toml: policyd.checks: does not name recipient: the directories of [[ldap]] are not asked\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(problems(c.toml, c.is_readable_by_all) == c.want);
    }
}

} // namespace postern
