#include "container/values.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace postern {
namespace {

ReadValues read(const Environment& environment)
{
    return read_values(environment, [](const std::string& path) -> Result<std::string> {
        if (path == "/run/secrets/users")
            return "user:secret\n";
        return fail("{}: No such file or directory", path);
    });
}

bool has(const std::vector<Error>& faults, std::string_view part)
{
    return std::any_of(faults.begin(), faults.end(), [&](const auto& f) { return f.what.find(part) != f.what.npos; });
}

} // namespace

TEST_CASE("read_flag: words of either image, and nothing else")
{
    for (const auto* const word : {"true", "yes", "on", "1", "True", "YES"})
        CHECK(read_flag(word).value_or(false));
    for (const auto* const word : {"false", "no", "off", "0", "False"})
        CHECK_FALSE(read_flag(word).value_or(true));
    for (const auto* const word : {"", "ture", "2", "y"})
        CHECK_FALSE(read_flag(word));
}

TEST_CASE("values: faults name their variables")
{
    struct Case {
        const char* name;
        Environment environment;
        const char* want; // nullptr: none
    };
    const Case cases[] = {
        {"nothing", {}, nullptr},
        {"empty is not set", {{"USE_TLS", ""}, {"SIZELIMIT", ""}}, nullptr},
        {"no boolean", {{"OPENDKIM_LOGWHY", "flase"}}, "OPENDKIM_LOGWHY: \"flase\" is neither yes nor no"},
        {"no number", {{"SIZELIMIT", "15M"}}, "SIZELIMIT"},
        {"out of range", {{"SYSLOG_PRIORITY", "8"}}, "SYSLOG_PRIORITY: must be from 0 to 7"},
        {"not one of the words", {{"INET_PROTOCOLS", "ipx"}}, "INET_PROTOCOLS: \"ipx\" is not one of: ipv4, ipv6, all"},
        {"no absolute path", {{"TLS_KEY", "key.pem"}}, "TLS_KEY: \"key.pem\" is not an absolute path"},
        {"a line end", {{"POSTFIX_MAIL_NAME", "a\nb = c"}}, "POSTFIX_MAIL_NAME: has a control character"},
        {"a list over lines", {{"MYNETWORKS", "10.0.0.0/8\n192.0.2.0/24\n"}}, nullptr},
        {"no such file", {{"RELAYHOST_FILE", "/none"}}, "RELAYHOST_FILE: /none: No such file"},
        {"both forms", {{"RELAYHOST", "a"}, {"RELAYHOST_FILE", "/none"}}, "RELAYHOST: RELAYHOST_FILE is set, too"},
        {"two names, two values", {{"SIZELIMIT", "1000"}, {"POSTFIX_MESSAGE_SIZE_LIMIT", "2000"}},
         "SIZELIMIT: POSTFIX_MESSAGE_SIZE_LIMIT says something else"},
        {"two names, one value", {{"SIZELIMIT", "1000"}, {"POSTFIX_MESSAGE_SIZE_LIMIT", "1000"}}, nullptr},
        {"two names, one meaning", {{"USE_DKIM", "yes"}, {"ENABLE_OPENDKIM", "true"}}, nullptr},
        {"a setting of Postern", {{"ENABLE_SPF", "true"}, {"POSTERN_SPF_ENABLE", "false"}},
         "ENABLE_SPF: POSTERN_SPF_ENABLE says something else"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = read(c.environment);
        CHECK(got.faults.empty() == (c.want == nullptr));
        if (c.want)
            CHECK(has(got.faults, c.want));
    }
}

TEST_CASE("values: from files, and by either name")
{
    const auto got = read({{"SMTPD_USERS_FILE", "/run/secrets/users"}, {"POSTFIX_MYHOSTNAME", "mx.example"}});
    CHECK(got.faults.empty());
    CHECK(got.values.text("SMTPD_USERS") == "user:secret");
    CHECK(got.values.text("MAILNAME") == "mx.example");
    CHECK_FALSE(got.values.is_written("MAILNAME"));

    // A name that ends so by itself is no file of another.
    const auto certificate = read({{"POSTFIX_SMTPD_TLS_CERT_FILE", "/c.pem"}});
    CHECK(certificate.faults.empty());
    CHECK(certificate.values.text("TLS_CRT") == "/c.pem");
}

TEST_CASE("values: what looks like a variable is told")
{
    const auto warnings = read({{"POSTFIX_MYNETWORK", "10.0.0.0/8"}, {"ENABLE_CALMAV", "true"}, {"POSTFIX_NONSENSE", "x"},
                                {"POSTFIX_PORT_25_TCP", "tcp://10.0.0.1:25"}, {"PATH", "/bin"}, {"HOME", "/"},
                                {"POSTERN_X", "y"}})
                              .warnings;
    REQUIRE(warnings.size() == 3);
    CHECK(warnings[0] == "environment: ENABLE_CALMAV: not known; did you mean ENABLE_CLAMAV?");
    CHECK(warnings[1] == "environment: POSTFIX_MYNETWORK: not known; did you mean POSTFIX_MYNETWORKS?");
    CHECK(warnings[2] == "environment: POSTFIX_NONSENSE: not known; ignored");
}

TEST_CASE("values: no fault shows a secret")
{
    const auto got = read({{"SMTPD_USERS", "user:pass\x01word"}, {"POSTFIX_LDAP_BIND_PW", "hunter2\n"}});
    REQUIRE(got.faults.size() == 2);
    CHECK_FALSE(has(got.faults, "hunter2"));
    CHECK_FALSE(has(got.faults, "pass"));
}

} // namespace postern
