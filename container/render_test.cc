#include "container/render.h"

#include "common/dnsbl/known_lists.h"
#include "container/image.h"
#include "test/rendered_image.h"

#include <algorithm>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>

namespace postern {
namespace {

std::string faults_of(const Environment& environment, const Surroundings& surroundings = {})
{
    const auto image = render(environment, surroundings, no_files);
    std::string text;
    if (!image)
        for (const auto& fault : image.error())
            text += fault.what + '\n';
    return text;
}

std::string warnings_of(const Image& image)
{
    return fmt::format("{}", fmt::join(image.warnings, "\n"));
}

} // namespace

TEST_CASE("profile: by the name that each image's users set")
{
    struct Case {
        const char* name;
        Environment environment;
        const char* want_fault; // nullptr: none
        Profile want = Profile::relay;
    };
    const Case cases[] = {
        {"MAILNAME", relay, nullptr, Profile::relay},
        {"POSTMASTER_EMAIL", gateway, nullptr, Profile::gateway},
        {"both", with({{"MAILNAME", "mx.example.com"}}, gateway), "POSTMASTER_EMAIL is set, too: say PROFILE="},
        {"both, decided", with({{"MAILNAME", "mx.example.com"}, {"PROFILE", "gateway"}}, gateway), nullptr, Profile::gateway},
        {"neither", {}, "nor POSTMASTER_EMAIL"},
        {"relay without a name", {{"PROFILE", "relay"}}, "PROFILE: relay wants MAILNAME"},
        {"gateway without a postmaster", with({{"PROFILE", "gateway"}}, relay), "PROFILE: gateway wants POSTMASTER_EMAIL"},
    };
    for (const auto& c : cases) {
        CAPTURE(std::string(c.name));
        const auto image = render(c.environment, {}, no_files);
        CHECK(image.has_value() == (c.want_fault == nullptr));
        if (image)
            CHECK(image->profile == c.want);
        else
            CHECK(has(faults_of(c.environment), c.want_fault));
    }
}

TEST_CASE("the gateway of the container's network may not relay, unless it is named")
{
    const Surroundings docker{.host_name = "c", .gateways = {"172.17.0.1"}};
    const auto image = image_of(relay, docker);
    CHECK(has(text_of(image, "main.cf"), "mynetworks = !172.17.0.1 127.0.0.0/8 10.0.0.0/8"));
    CHECK(has(text_of(image, "/run/postern/postern.toml"), "\"[::1]/128\", \"!172.17.0.1\"]"));
    CHECK(has(warnings_of(image), "172.17.0.1"));
    CHECK(has(main_cf(with(relay, {{"MYNETWORKS", "172.17.0.1"}}), docker), "mynetworks = 172.17.0.1\n"));
}

TEST_CASE("the order of checks")
{
    const auto everything =
        with(gateway, {{"ENABLE_SPF", "true"}, {"ENABLE_POSTGREY", "true"}, {"ENABLE_LDAP_RECIPIENT_ACCESS", "true"},
                       {"POSTFIX_LDAP_SERVERS", "dc1"}, {"POSTFIX_LDAP_SEARCH_BASE", "dc=a"}, {"POSTFIX_LDAP_BIND_DN", "cn=b"},
                       {"POSTFIX_LDAP_BIND_PW", "c"}});
    Surroundings tables;
    tables.tables = {"client_access.cidr", "sender_access.hash", "recipient_access.hash"};
    tables.recipient_access = "a@example.com OK\nb@example.com PREPEND X: y\nc@example.com reject_unverified_recipient\n";
    const auto image = image_of(everything, tables);
    const auto text = text_of(image, "main.cf");
    std::size_t at = text.find("smtpd_recipient_restrictions = ");
    REQUIRE(at != std::string::npos);
    for (const auto* const part :
         {"permit_mynetworks, check_client_access cidr:/run/postern/postfix/client_access.cidr, "
          "check_sender_access hash:/run/postern/postfix/sender_access.hash, reject_unauth_destination, ",
          "policy_context=spf }, reject_non_fqdn_recipient, reject_non_fqdn_sender, reject_unknown_sender_domain, "
          "reject_unknown_recipient_domain, ",
          "policy_context=recipient }", "policy_context=greylist }",
          ", check_recipient_access hash:/run/postern/postfix/recipient_access.hash, permit\n"}) {
        CAPTURE(part);
        at = text.find(part, at);
        CHECK(at != std::string::npos);
    }
    CHECK(text_of(image, "recipient_access.known")
          == "# Written from recipient_access.hash.\na@example.com OK\nb@example.com DUNNO\nc@example.com OK\n");
    CHECK(has(text_of(image, "/run/postern/postern.toml"), "unknown = \"defer\""));

    // The table alone: what it does not know gets the last word.
    CHECK(has(main_cf(gateway, tables), "recipient_access.hash, defer\n"));
    CHECK(has(main_cf(with(gateway, {{"POSTFIX_CHECK_RECIPIENT_ACCESS_FINAL_ACTION", "reject"}}), tables),
              "recipient_access.hash, reject\n"));
    CHECK(has(main_cf(gateway), "reject_unknown_recipient_domain, permit\n"));
    CHECK(has(text_of(image_of(with(everything, {{"POSTFIX_CHECK_RECIPIENT_ACCESS_FINAL_ACTION", "reject"}})),
                      "/run/postern/postern.toml"),
              "unknown = \"reject\""));
}

TEST_CASE("DNS lists: error answers never count, and keys are not shown")
{
    struct Case {
        const char* name;
        const char* sites;
        std::string want;
    };
    const Case cases[] = {
        {"a known list", "zen.spamhaus.org",
         fmt::format("postscreen_dnsbl_sites = zen.spamhaus.org={}\n", find_known_list("zen.spamhaus.org")->listings)},
        {"an unknown one", "bl.example*2", "postscreen_dnsbl_sites = bl.example=127.[0..254].[0..255].[0..255]*2\n"},
        {"the user's own filter", "hostkarma.junkemailfilter.com=127.0.0.3",
         "postscreen_dnsbl_sites = hostkarma.junkemailfilter.com=127.0.0.3\n"},
        {"a closed one", "cbl.abuseat.org=127.0.0.2, bl.spamcop.net", "postscreen_dnsbl_sites = bl.spamcop.net=127.0.0.2\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(std::string(c.name));
        CHECK(has(main_cf(with(gateway, {{"POSTFIX_DNSBL_SITES", c.sites}})), c.want));
    }
    const auto keyed = image_of(with(gateway, {{"POSTFIX_DNSBL_SITES", "abcdefabcdefabcdefabcdef12.zen.dq.spamhaus.net"}}));
    CHECK(text_of(keyed, "dnsbl_names") == "abcdefabcdefabcdefabcdef12.zen.dq.spamhaus.net zen.spamhaus.org\n");
    Surroundings own;
    own.tables = {"dnsbl_reply.texthash"};
    CHECK(has(main_cf(with(gateway, {{"POSTFIX_DNSBL_SITES", "zen.spamhaus.org"}}), own),
              "postscreen_dnsbl_reply_map = texthash:/run/postern/postfix/dnsbl_reply.texthash\n"));
}

TEST_CASE("master.cf: ports of each profile")
{
    CHECK(has(text_of(image_of(relay), "master.cf"), "\n2525 "));
    const auto plain = text_of(image_of(gateway), "master.cf");
    CHECK(has(plain, "1       postscreen\n"));
    CHECK_FALSE(has(plain, "submission"));
    CHECK_FALSE(has(plain, "465"));
    const auto open = text_of(image_of(with(gateway, {{"ENABLE_SUBMISSION_PORT", "true"}, {"ENABLE_SMTPS_PORT", "true"}})), "master.cf");
    CHECK(has(open, "smtpd_tls_security_level=encrypt"));
    CHECK(has(open, "smtpd_tls_wrappermode=yes"));
    CHECK(has(open, "{ smtpd_recipient_restrictions = permit_sasl_authenticated, reject }"));
}

TEST_CASE("master.cf: while the container ends no port lets anybody in")
{
    const auto everything = with(gateway, {{"ENABLE_SUBMISSION_PORT", "true"}, {"ENABLE_SMTPS_PORT", "true"}, {"POSTFIX_PROXY_PROTOCOL", "true"}});
    for (const auto& [environment, ports] : {std::pair{relay, 3}, {gateway, 1}, {everything, 3}}) {
        const auto text = text_of(image_of(environment), closing_master_cf);
        std::size_t inet = 0, refusals = 0;
        for (std::size_t at = 0; (at = text.find(" inet ", at)) != std::string::npos; ++at)
            ++inet;
        for (std::size_t at = 0; (at = text.find("static:{421 4.3.2", at)) != std::string::npos; ++at)
            ++refusals;
        CHECK(inet == static_cast<std::size_t>(ports));
        CHECK(refusals == inet);
        CHECK_FALSE(has(text, " postscreen\n"));
    }
    const auto text = text_of(image_of(everything), closing_master_cf);
    CHECK(has(text, "smtpd_upstream_proxy_protocol=haproxy")); // the balancer's line comes first all the same
    CHECK(has(text, "smtpd_tls_wrappermode=yes"));
    CHECK(has(text, "smtpd\n        -o max_use=1\n"));
    CHECK(has(text_of(image_of(with(relay, {{"POSTFIX_DRAIN_TIME", "25"}})), "/run/postern/service/.s6-svscan/SIGTERM"),
              "postern-container drain 25\n"));
}

TEST_CASE("signing: keys are copied, and OpenDKIM's tables read")
{
    const auto one = image_of(with(relay, {{"USE_DKIM", "yes"}, {"DKIM_DOMAINS", "a.example,b.example"}}));
    REQUIRE(one.copies.size() == 1);
    CHECK(one.copies[0].from == "/etc/opendkim/dkim.key");
    const auto toml = text_of(one, "/run/postern/postern.toml");
    CHECK(has(toml, "verify = false\nsign = true\n"));
    CHECK(has(toml, "domain = \"b.example\"\nselector = \"mail\"\nkey = \"/run/postern/secret/dkim-1.pem\"\n"));

    const auto tables = image_of(
        with(gateway, {{"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_MODE", "s"}, {"OPENDKIM_KEYTABLE", "/kt"}, {"OPENDKIM_SIGNINGTABLE", "/st"}}),
        {}, [](const std::string& path) -> Result<std::string> {
            return path == "/kt" ? "# keys\na a.example:s1:/etc/mail/dkim/a.private\n" : "*@a.example a\n";
        });
    CHECK(text_of(tables, "/run/postern/secret/key_table") == "\na a.example:s1:/run/postern/secret/dkim-1.pem\n");
    CHECK(text_of(tables, "/run/postern/secret/signing_table") == "*@a.example a\n");
    CHECK(tables.copies.at(0).from == "/etc/mail/dkim/a.private");
    CHECK(has_service(tables, "milterd"));
    CHECK_FALSE(has_service(tables, "policyd"));
    CHECK(has(faults_of(with(gateway, {{"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_MODE", "s"}})), "OPENDKIM_KEYFILE: signing wants it"));
}

TEST_CASE("signing: rows of OpenDKIM's tables that are not whole are told with their lines")
{
    const auto tables = with(gateway, {{"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_MODE", "s"}, {"OPENDKIM_KEYTABLE", "/kt"}, {"OPENDKIM_SIGNINGTABLE", "/st"}});
    std::string keys = "a a.example:s1:/a.private\n\nb # later\nc c.example:s1\nd d.example:s1:-----BEGIN PRIVATE KEY----- MII= -----END PRIVATE KEY-----\n";
    std::string patterns = "*@a.example a\n";
    const auto read = [&](const std::string& path) -> Result<std::string> { return path == "/kt" ? keys : patterns; };
    const auto image = image_of(tables, {}, read);
    CHECK(has(warnings_of(image), "/kt:3: \"b\" has no key (domain:selector:path is wanted): the row is left out"));
    CHECK(has(warnings_of(image), "/kt:4: \"c\" has no key"));
    CHECK(text_of(image, "/run/postern/secret/key_table")
          == "a a.example:s1:/run/postern/secret/dkim-1.pem\n\n\n\nd d.example:s1:-----BEGIN PRIVATE KEY----- MII= -----END PRIVATE KEY-----\n");

    patterns += "*@b.example\n"; // its mail would leave unsigned
    const auto none = render(tables, {}, read);
    REQUIRE_FALSE(none);
    CHECK(none.error().at(0).what == "/st:2: \"*@b.example\" names no key");
}

TEST_CASE("logins")
{
    const auto image = image_of(with(relay, {{"SMTPD_USERS", "a:b:c, d@other.example:e"}}));
    REQUIRE(image.sasl_users.size() == 2);
    CHECK(image.sasl_users[0].realm == "mail.example.com");
    CHECK(image.sasl_users[0].password == "b:c");
    CHECK(image.sasl_users[1].name == "d");
    CHECK(image.sasl_users[1].realm == "other.example");
    CHECK(has(text_of(image, "main.cf"), "smtpd_sasl_auth_enable = yes\n"));
    CHECK(has(faults_of(with(relay, {{"SMTPD_USERS", "nobody"}})), "SMTPD_USERS: an entry is not USER:PASSWORD"));
}

TEST_CASE("what the environment says to the daemons is seen, too")
{
    const auto image = image_of(with(gateway, {{"POSTERN_DNSBL_SITES", "bl.example=127.0.0.2"}, {"POSTERN_SPF_ENABLE", "true"}}));
    CHECK(has(text_of(image, "main.cf"), "policy_context=dnsbl+spf }"));
    CHECK(has_service(image, "policyd"));
    CHECK(has(faults_of(with(gateway, {{"POSTERN_GREYLIST_DELAY", "soon"}})), "POSTERN_GREYLIST_DELAY"));
}

TEST_CASE("logs: less urgent lines are left out, and the file is kept where it may be")
{
    struct Case {
        const char* name;
        Environment environment;
        bool can_keep;
        const char* want;
    };
    const Case cases[] = {
        {"all, and the file", relay, true, "s6-log -b -- 'p[postfix]' 1 n3 s10000000 /var/log/s6-maillog\n"},
        {"no place for the file", relay, false, "s6-log -b -- 'p[postfix]' 1\n"},
        {"another place", with(relay, {{"LOGOUTPUT", "/var/log/maillog"}}), true, "s6-log -b -- 'p[postfix]' 1 n3 s10000000 /var/log/s6-maillog\n"},
        {"warnings", with(gateway, {{"SYSLOG_PRIORITY", "4"}}), false,
         "s6-log -b -- -.* '+: (warning|error|fatal|panic): ' 'p[postfix]' 1\n"},
        {"what is fatal", with(gateway, {{"SYSLOG_PRIORITY", "0"}}), false, "s6-log -b -- -.* '+: (fatal|panic): ' 'p[postfix]' 1\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(std::string(c.name));
        Surroundings around;
        around.can_keep_log = c.can_keep;
        CHECK(has(text_of(image_of(c.environment, around), "/run/postern/service/postfix/log/run"), c.want));
    }
    for (const auto& [priority, level] : {std::pair{"7", "debug"}, {"6", "info"}, {"5", "info"}, {"4", "warning"}, {"3", "error"}})
        CHECK(has(text_of(image_of(with(gateway, {{"SYSLOG_PRIORITY", priority}})), "/run/postern/postern.toml"),
                  fmt::format("level = \"{}\"", level)));
}

TEST_CASE("no clamd in the small image")
{
    Surroundings small;
    small.has_clamd = false;
    CHECK(has(faults_of(with(gateway, {{"ENABLE_CLAMAV", "true"}}), small), "ENABLE_CLAMAV: this image has no clamd"));
}

TEST_CASE("aliases: the user's come first")
{
    Surroundings own;
    own.local_aliases = "root: me@example.com\nhelp: a@example.com";
    CHECK(text_of(image_of(gateway, own), "aliases")
          == "root: me@example.com\nhelp: a@example.com\npostmaster: postmaster@example.com\n"
             "postfix: postmaster@example.com\nclamav: postmaster@example.com\n");
}

// The settings of the compose examples in both manuals, whole. POSTERN_UPDATE_GOLDEN=1 writes them anew.
TEST_CASE("golden: the examples of both manuals")
{
    const Environment mail_out = {
        {"TZ", "Australia/Perth"}, {"POSTMASTER_EMAIL", "postmaster@yourdomain.tld"}, {"POSTFIX_INET_PROTOCOLS", "ipv4"},
        {"POSTFIX_MYORIGIN", "mail.yourdomain.tld"}, {"POSTFIX_PROXY_INTERFACES", "192.0.2.25"},
        {"POSTFIX_MYNETWORKS", "198.51.100.0/24"}, {"POSTFIX_MYDOMAIN", "yourdomain.tld"},
        {"POSTFIX_MYHOSTNAME", "mail.yourdomain.tld"}, {"POSTFIX_MAIL_NAME", "outbound"},
        {"POSTFIX_SMTPD_TLS_CHAIN_FILES", "/etc/postfix/certs/privkey.pem, /etc/postfix/certs/fullchain.pem"},
        {"POSTFIX_SMTP_TLS_CHAIN_FILES", "/etc/postfix/certs/privkey.pem, /etc/postfix/certs/fullchain.pem"},
        {"POSTFIX_SMTPD_TLS_SECURITY_LEVEL", "may"}, {"POSTFIX_SMTPD_TLS_LOGLEVEL", "1"},
        {"POSTFIX_REJECT_INVALID_HELO_HOSTNAME", "false"}, {"POSTFIX_REJECT_NON_FQDN_HELO_HOSTNAME", "false"},
        {"POSTFIX_REJECT_UNKNOWN_HELO_HOSTNAME", "false"}, {"ENABLE_OPENDKIM", "true"},
        {"OPENDKIM_SIGNINGTABLE", "/etc/mail/dkim/SigningTable"}, {"OPENDKIM_KEYTABLE", "/etc/mail/dkim/KeyTable"},
        {"OPENDKIM_MODE", "s"}, {"OPENDKIM_INTERNALHOSTS", "198.51.100.0/24"}, {"OPENDKIM_LOGRESULTS", "true"},
        {"OPENDKIM_LOGWHY", "true"}, {"ENABLE_CLAMAV", "true"}, {"CLAMAV_MILTER_REPORT_HOSTNAME", "mail.yourdomain.tld"}};
    const Environment mail_in = {
        {"TZ", "Australia/Perth"}, {"POSTMASTER_EMAIL", "postmaster@yourdomain.tld"}, {"POSTFIX_INET_PROTOCOLS", "ipv4"},
        {"POSTFIX_MYORIGIN", "mail.yourdomain.tld"}, {"POSTFIX_PROXY_INTERFACES", "192.0.2.25"},
        {"POSTFIX_MYDOMAIN", "yourdomain.tld"}, {"POSTFIX_MYHOSTNAME", "mail.yourdomain.tld"}, {"POSTFIX_MAIL_NAME", "inbound"},
        {"POSTFIX_SMTPD_TLS_CHAIN_FILES", "/etc/postfix/certs/privkey.pem, /etc/postfix/certs/fullchain.pem"},
        {"POSTFIX_SMTP_TLS_CHAIN_FILES", "/etc/postfix/certs/privkey.pem, /etc/postfix/certs/fullchain.pem"},
        {"POSTFIX_SMTPD_TLS_SECURITY_LEVEL", "may"}, {"POSTFIX_SMTPD_TLS_LOGLEVEL", "1"}, {"POSTFIX_RELAYHOST", "203.0.113.5"},
        {"POSTFIX_RELAY_DOMAINS", "yourdomain.tld,someotherdomain.tld"},
        {"POSTFIX_DNSBL_SITES", "hostkarma.junkemailfilter.com=127.0.0.2, bl.spamcop.net, cbl.abuseat.org=127.0.0.2, zen.spamhaus.org"},
        {"ENABLE_SUBMISSION_PORT", "true"}, {"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_MODE", "v"}, {"OPENDKIM_LOGRESULTS", "true"},
        {"OPENDKIM_LOGWHY", "true"}, {"ENABLE_SPF", "true"}, {"ENABLE_CLAMAV", "true"},
        {"CLAMAV_MILTER_REPORT_HOSTNAME", "mail.yourdomain.tld"}, {"ENABLE_POSTGREY", "true"},
        {"ENABLE_LDAP_RECIPIENT_ACCESS", "true"}, {"POSTFIX_LDAP_SERVERS", "203.0.113.6,203.0.113.7"},
        {"POSTFIX_LDAP_BIND_DN", "CN=mailrelay,OU=Service Accounts,OU=Users,DC=yourdomain,DC=tld"},
        {"POSTFIX_LDAP_BIND_PW", "12345"}, {"POSTFIX_LDAP_SEARCH_BASE", "DC=yourdomain,DC=tld"}};
    const Environment sendgrid = {{"MAILNAME", "mail1.example.com"}, {"RELAYHOST_AUTH", "yes"},
                                  {"RELAYHOST", "[smtp.sendgrid.net]:587"},
                                  {"RELAYHOST_PASSWORDMAP", "[smtp.sendgrid.net]:587:apikey:SECRET"}};
    const auto read = [](const std::string& path) -> Result<std::string> {
        return path.ends_with("KeyTable") ? "k yourdomain.tld:sel:/etc/mail/dkim/sel.private\n" : "*@yourdomain.tld k\n";
    };
    for (const auto& [name, environment] : {std::pair{"mail_out", mail_out}, {"mail_in", mail_in}, {"sendgrid", sendgrid}}) {
        CAPTURE(name);
        std::string got;
        for (const auto& file : image_of(environment, {}, read).files)
            got += fmt::format("==== {} {:o}\n{}", file.path, file.mode, file.text);
        const auto path = fmt::format(POSTERN_SOURCE_ROOT "/container/golden/{}", name);
        if (std::getenv("POSTERN_UPDATE_GOLDEN"))
            std::ofstream(path) << got;
        std::ifstream file(path);
        const std::string want{std::istreambuf_iterator<char>(file), {}};
        CHECK(got == want);
    }
}

TEST_CASE("golden: start again, the same files")
{
    const auto once = image_of(relay);
    const auto again = image_of(relay);
    REQUIRE(once.files.size() == again.files.size());
    for (std::size_t i = 0; i < once.files.size(); ++i)
        CHECK(once.files[i].text == again.files[i].text);
}

} // namespace postern
