// Each variable of both manuals, and what the container's program makes of it
#include "container/variable.h"
#include "test/rendered_image.h"

#include <set>
#include <vector>

namespace postern {
namespace {

// What the manuals say of each variable, and where it is to be seen.
struct VariableCase {
    const char* name;
    Environment environment;
    const char* want; // nullptr: nothing, the files are those without it
    std::string file = "main.cf";
};

const std::string toml = "/run/postern/postern.toml";
const std::string clamd = "/run/postern/clamd.conf", freshclam = "/run/postern/freshclam.conf";
constexpr auto absent = "(not there)";

std::string service(std::string_view name)
{
    return fmt::format("{}/{}/run", service_folder, name);
}

const Environment signer = with(relay, {{"USE_DKIM", "yes"}});
const Environment keys = with(gateway, {{"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_DOMAIN", "a.example, b.example"}, {"OPENDKIM_KEYFILE", "/k.pem"},
                                        {"OPENDKIM_SELECTOR", "s1"}});
const Environment scanner = with(gateway, {{"ENABLE_CLAMAV", "true"}});
const Environment directory = with(gateway, {{"ENABLE_LDAP_RECIPIENT_ACCESS", "true"}, {"POSTFIX_LDAP_SERVERS", "dc1, dc2:3268, ldaps://dc3"},
                                             {"POSTFIX_LDAP_SEARCH_BASE", "dc=a"}, {"POSTFIX_LDAP_BIND_DN", "cn=b"},
                                             {"POSTFIX_LDAP_BIND_PW", "c"}});

std::vector<VariableCase> relay_cases()
{
    return {
        {"the name", relay, "myhostname = mail.example.com\n"},
        {"a relay has no mailboxes", relay, "mydestination =\n"},
        {"networks", with(relay, {{"MYNETWORKS", "192.0.2.0/24, 198.51.100.1"}}), "mynetworks = 192.0.2.0/24 198.51.100.1\n"},
        {"log", with(relay, {{"LOGOUTPUT", "/var/log/maillog"}}), "maillog_file = /var/log/maillog\n"},
        {"time zone", with(relay, {{"TZ", "Australia/Perth"}}), nullptr}, // goes from the environment to each program
        {"exporter", with(relay, {{"POSTFIX_EXPORTER_ENABLED", "true"}}), "postern-container metrics\n", service("metrics")},
        {"size", relay, "message_size_limit = 15728640\n"},
        {"size, set", with(relay, {{"SIZELIMIT", "5000"}}), "message_size_limit = 5000\n"},
        {"missing headers", with(relay, {{"POSTFIX_ADD_MISSING_HEADERS", "yes"}}), "always_add_missing_headers = yes\n"},
        {"protocols", with(relay, {{"INET_PROTOCOLS", "ipv4"}}), "inet_protocols = ipv4\n"},
        {"bounces", with(relay, {{"BOUNCE_ADDRESS", "b@example.com"}}), "2bounce_notice_recipient = b@example.com\n"},
        {"header checks", with(relay, {{"HEADER_CHECKS", "true"}}), "header_checks = pcre:/run/postern/postfix/private_header_checks\n"},
        {"VRFY", with(relay, {{"DISABLE_VRFY_COMMAND", "no"}}), "disable_vrfy_command = no\n"},
        {"concurrency", with(relay, {{"SMTP_DESTINATION_CONCURRENCY_LIMIT", "2"}}), "smtp_destination_concurrency_limit = 2\n"},
        {"delay", with(relay, {{"SMTP_DESTINATION_RATE_DELAY", "5s"}}), "smtp_destination_rate_delay = 5s\n"},
        {"recipients", with(relay, {{"SMTP_EXTRA_RECIPIENT_LIMIT", "10"}}), "smtp_destination_recipient_limit = 10\n"},
        {"relay host", with(relay, {{"RELAYHOST", "[smtp.example.net]:587"}}), "relayhost = [smtp.example.net]:587\n"},
        {"relay host login", with(relay, {{"RELAYHOST_AUTH", "yes"}}), "smtp_sasl_auth_enable = yes\n"},
        {"relay host password", with(relay, {{"RELAYHOST_PASSWORDMAP", "[m.example]:587:u:p"}}), "[m.example]:587 u:p\n", "relayhost_passwords"},
        {"relay host by sender", with(relay, {{"RELAYHOST_MAP", "@a.example:[m.example]:587"}}), "@a.example [m.example]:587\n", "relayhost_senders"},
        {"login by sender", with(relay, {{"SENDER_DEPENDENT_RELAYHOST_AUTH", "yes"}}), "smtp_sender_dependent_authentication = yes\n"},
        {"users", with(relay, {{"SMTPD_USERS", "a:b"}}), "smtpd_sasl_auth_enable = yes\n"},
        {"no TLS", with(relay, {{"USE_TLS", "no"}}), "smtpd_tls_security_level = none\n"},
        {"no TLS, to servers", with(relay, {{"USE_TLS", "no"}}), "smtp_tls_security_level = none\n"},
        {"TLS", relay, "smtpd_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem\n"},
        {"TLS, encrypted", with(relay, {{"TLS_SECURITY_LEVEL", "encrypt"}}), "smtpd_tls_security_level = encrypt\n"},
        {"TLS key", with(relay, {{"TLS_KEY", "/k.pem"}, {"TLS_CRT", "/c.pem"}}), "smtpd_tls_key_file = /k.pem\n"},
        {"TLS certificate", with(relay, {{"TLS_KEY", "/k.pem"}, {"TLS_CRT", "/c.pem"}}), "smtpd_tls_cert_file = /c.pem\n"},
        {"TLS authorities", with(relay, {{"TLS_CA", "/ca.pem"}}), "smtpd_tls_CAfile = /ca.pem\n"},
        {"client TLS", with(relay, {{"CLIENT_TLS_SECURITY_LEVEL", "dane"}}), "smtp_tls_security_level = dane\n"},
        {"client key", with(relay, {{"CLIENT_TLS_KEY", "/k.pem"}, {"CLIENT_TLS_CRT", "/c.pem"}}), "smtp_tls_key_file = /k.pem\n"},
        {"client certificate", with(relay, {{"CLIENT_TLS_KEY", "/k.pem"}, {"CLIENT_TLS_CRT", "/c.pem"}}), "smtp_tls_cert_file = /c.pem\n"},
        {"client's authorities", with(relay, {{"CLIENT_TLS_CA", "/ca.pem"}}), "smtp_tls_CAfile = /ca.pem\n"},
        {"DKIM", signer, "sign = true\n", toml},
        {"DKIM domain by default", signer, "domain = \"mail.example.com\"\nselector = \"mail\"\n", toml},
        {"DKIM key", with(signer, {{"DKIM_KEYFILE", "/k.pem"}}), "/k.pem /run/postern/secret/dkim-1.pem\n", "copies"},
        {"DKIM domains", with(signer, {{"DKIM_DOMAINS", "a.example,b.example"}}), "domain = \"b.example\"\nselector = \"mail\"\n", toml},
        {"DKIM selector", with(signer, {{"DKIM_SELECTOR", "s1"}}), "selector = \"s1\"\n", toml},
        {"DKIM internal hosts", with(signer, {{"DKIM_INTERNALHOSTS", "192.0.2.7"}}), ", \"192.0.2.7\"]\n", toml},
        {"DKIM external ignore", with(signer, {{"DKIM_EXTERNALIGNORE", "192.0.2.7"}}), nullptr}, // nobody is warned of
        {"DKIM oversigned", with(signer, {{"DKIM_OVERSIGN_HEADERS", "From,To"}}), "oversign = [\"From\", \"To\"]\n", toml},
        {"DKIM senders", with(signer, {{"DKIM_SENDER_HEADERS", "Sender,From"}}), "author_fields = [\"Sender\", \"From\"]\n", toml},
        {"DKIM signed", with(signer, {{"DKIM_SIGN_HEADERS", "From,Date"}}), "signed_fields = [\"From\", \"Date\"]\n", toml},
        {"DKIM omitted", with(signer, {{"DKIM_OMIT_HEADERS", "To"}}), "omitted_fields = [\"To\"]\n", toml},
        {"POSTCONF last", with(relay, {{"POSTCONF", "myhostname=a.example;masquerade_exceptions=root,mailer-daemon"}}),
         "myhostname = a.example\n"},
        {"POSTCONF adds", with(relay, {{"POSTCONF", "masquerade_domains=a.example b.example;"}}),
         "masquerade_domains = a.example b.example\n"},
        {"no reloader", with(relay, {{"CONFIG_RELOADER_ENABLED", "false"}}), absent, service("watch")},
    };
}

std::vector<VariableCase> gateway_cases()
{
    return {
        {"clamd", scanner, "exec s6-setuidgid clamav clamd ", service("clamd")},
        {"directory", directory, "[recipient]\nenable = true\nunknown = \"defer\"\n", toml},
        {"DKIM", keys, "[dkim]\nverify = true\nsign = true\n", toml},
        {"greylisting", with(gateway, {{"ENABLE_POSTGREY", "true"}}), "[greylist]\nenable = true\n", toml},
        {"SPF", with(gateway, {{"ENABLE_SPF", "true"}}), "[spf]\nenable = true\n", toml},
        {"postmaster", gateway, "postmaster: postmaster@example.com\nroot: postmaster@example.com\n", "aliases"},
        {"less urgent", with(gateway, {{"SYSLOG_PRIORITY", "4"}}), "level = \"warning\"\n", toml},
        {"DNS lists", with(gateway, {{"POSTFIX_DNSBL_SITES", "bl.example=127.0.0.2*2"}}), "postscreen_dnsbl_sites = bl.example=127.0.0.2*2\n"},
        {"their threshold", with(gateway, {{"POSTFIX_DNSBL_SITES", "bl.example"}, {"POSTFIX_DNSBL_THRESHOLD", "3"}}), "postscreen_dnsbl_threshold = 3\n"},
        {"protocols", with(gateway, {{"POSTFIX_INET_PROTOCOLS", "ipv6, ipv4"}}), "inet_protocols = ipv6, ipv4\n"},
        {"mail system", with(gateway, {{"POSTFIX_MAIL_NAME", "inbound"}}), "mail_name = inbound\n"},
        {"size", with(gateway, {{"POSTFIX_MESSAGE_SIZE_LIMIT", "5000"}}), "message_size_limit = 5000\n"},
        {"domain", with(gateway, {{"POSTFIX_MYDOMAIN", "example.com"}}), "mydomain = example.com\n"},
        {"host", gateway, "myhostname = mx.example.com\n"},
        {"networks", with(gateway, {{"POSTFIX_MYNETWORKS", "192.0.2.0/24"}}), "mynetworks = 192.0.2.0/24\n"},
        {"loopback alone is trusted", gateway, "mynetworks = 127.0.0.0/8 [::1]/128\n"},
        {"origin", with(gateway, {{"POSTFIX_MYORIGIN", "mail.example.com"}}), "myorigin = mail.example.com\n"},
        {"outer addresses", with(gateway, {{"POSTFIX_PROXY_INTERFACES", "192.0.2.25, 192.0.2.26"}}), "proxy_interfaces = 192.0.2.25, 192.0.2.26\n"},
        {"HELO", gateway, "smtpd_helo_restrictions = permit_mynetworks, reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname\n"},
        {"HELO, all but two", with(gateway, {{"POSTFIX_REJECT_INVALID_HELO_HOSTNAME", "false"}, {"POSTFIX_REJECT_NON_FQDN_HELO_HOSTNAME", "false"}}),
         "smtpd_helo_restrictions = permit_mynetworks\n"},
        {"HELO, unknown", with(gateway, {{"POSTFIX_REJECT_UNKNOWN_HELO_HOSTNAME", "true"}}), "reject_non_fqdn_helo_hostname, reject_unknown_helo_hostname\n"},
        {"senders' domains", with(gateway, {{"POSTFIX_REJECT_UNKNOWN_SENDER_DOMAIN", "false"}}), "reject_non_fqdn_sender, reject_unknown_recipient_domain"},
        {"relay domains", with(gateway, {{"POSTFIX_RELAY_DOMAINS", "a.example,b.example"}}), "relay_domains = a.example, b.example\n"},
        {"relay host", with(gateway, {{"POSTFIX_RELAYHOST", "10.0.0.5"}}), "relayhost = 10.0.0.5\n"},
        {"relay host port", with(gateway, {{"POSTFIX_RELAYHOST", "10.0.0.5"}, {"POSTFIX_RELAYHOST_PORT", "2525"}}), "relayhost = 10.0.0.5:2525\n"},
        {"port 587", with(gateway, {{"ENABLE_SUBMISSION_PORT", "true"}}), "\nsubmission inet", "master.cf"},
        {"port 465", with(gateway, {{"ENABLE_SMTPS_PORT", "true"}}), "\n465       inet", "master.cf"},
        {"client chain", with(gateway, {{"POSTFIX_SMTP_TLS_CHAIN_FILES", "/k.pem, /f.pem"}}), "smtp_tls_chain_files = /k.pem, /f.pem\n"},
        {"milters of others come last",
         with(gateway, {{"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_MODE", "v"}, {"POSTFIX_SMTPD_MILTERS", "inet:m:1, { inet:n:2, default_action=accept }"}}),
         "default_action=tempfail }, inet:m:1, { inet:n:2, default_action=accept }\n"},
        {"logins", with(gateway, {{"POSTFIX_SMTPD_RECIPIENT_RESTRICTIONS_PERMIT_SASL_AUTHENTICATED", "true"}}),
         "smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, "},
        {"certificate", with(gateway, {{"POSTFIX_SMTPD_TLS_CERT_FILE", "/c.pem"}, {"POSTFIX_SMTPD_TLS_KEY_FILE", "/k.pem"}}), "smtpd_tls_cert_file = /c.pem\n"},
        {"key", with(gateway, {{"POSTFIX_SMTPD_TLS_CERT_FILE", "/c.pem"}, {"POSTFIX_SMTPD_TLS_KEY_FILE", "/k.pem"}}), "smtpd_tls_key_file = /k.pem\n"},
        {"chain files", with(gateway, {{"POSTFIX_SMTPD_TLS_CHAIN_FILES", "/c/k.pem, /c/f.pem"}}), "smtpd_tls_chain_files = /c/k.pem, /c/f.pem\n"},
        {"TLS log", with(gateway, {{"POSTFIX_SMTPD_TLS_LOGLEVEL", "1"}}), "smtpd_tls_loglevel = 1\n"},
        {"TLS level", with(gateway, {{"POSTFIX_SMTPD_TLS_SECURITY_LEVEL", "encrypt"}}), "smtpd_tls_security_level = encrypt\n"},
        {"TLS", with(gateway, {{"POSTFIX_SMTPD_USE_TLS", "true"}}), "smtpd_tls_security_level = may\n"},
        {"SMTPUTF8", with(gateway, {{"POSTFIX_SMTPUTF8_ENABLE", "no"}}), "smtputf8_enable = no\n"},
        {"the last word", with(directory, {{"POSTFIX_CHECK_RECIPIENT_ACCESS_FINAL_ACTION", "reject"}}), "unknown = \"reject\"\n", toml},
        {"relaying first", with(gateway, {{"POSTFIX_SMTPD_RELAY_BEFORE_RECIPIENT_RESTRICTIONS", "no"}}), "smtpd_relay_before_recipient_restrictions = no\n"},
        {"directory servers", directory, "servers = [\"ldap://dc1\", \"ldap://dc2:3268\", \"ldaps://dc3\"]\n", toml},
        {"directory version", with(directory, {{"POSTFIX_LDAP_VERSION", "3"}}), nullptr},
        {"directory filter", with(directory, {{"POSTFIX_LDAP_QUERY_FILTER", "(mail=%s)"}}), "filter = \"(mail=%s)\"\n", toml},
        {"directory base", directory, "base = \"dc=a\"\n", toml},
        {"directory login", directory, "bind_dn = \"cn=b\"\nbind_password = \"c\"\n", toml},
        {"directory debug", with(directory, {{"POSTFIX_LDAP_DEBUG_LEVEL", "1"}}), "level = \"debug\"\n", toml},
        {"directory START_TLS", with(directory, {{"POSTFIX_LDAP_SERVERS", "dc1"}, {"POSTFIX_LDAP_START_TLS", "true"}}), "start_tls = true\n", toml},
        {"directory, not verified", with(directory, {{"POSTFIX_LDAP_TLS_VERIFY", "false"}}), "verify = false\n", toml},
        {"directory's authority", with(directory, {{"POSTFIX_LDAP_TLS_CA", "/ca.pem"}}), "ca = \"/ca.pem\"\n", toml},
        {"directory's time", with(directory, {{"POSTFIX_LDAP_TIMEOUT", "3s"}}), "timeout = \"3s\"\n", toml},
        {"directory's referrals", with(directory, {{"POSTFIX_LDAP_IGNORE_REFERRALS", "true"}}), "ignore_referrals = true\n", toml},
        {"DKIM domains", keys, "domain = \"b.example\"\nselector = \"s1\"\nkey = \"/run/postern/secret/dkim-1.pem\"\n", toml},
        {"DKIM key", keys, "/k.pem /run/postern/secret/dkim-1.pem\n", "copies"},
        {"DKIM internal hosts", with(keys, {{"OPENDKIM_INTERNALHOSTS", "192.0.2.7"}}), "\"192.0.2.7\"]\n", toml},
        {"DKIM results", with(keys, {{"OPENDKIM_LOGRESULTS", "true"}}), nullptr}, // they are in each line anyway
        {"DKIM reasons", with(keys, {{"OPENDKIM_LOGWHY", "true"}}), "level = \"debug\"\n", toml},
        {"DKIM mode", with(gateway, {{"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_MODE", "v"}}), "[dkim]\nverify = true\nsign = false\n", toml},
        {"DKIM subdomains", with(keys, {{"OPENDKIM_SUBDOMAINS", "true"}}), "subdomains = true\n", toml},
        {"DKIM tables", with(gateway, {{"ENABLE_OPENDKIM", "true"}, {"OPENDKIM_KEYTABLE", "/empty"}, {"OPENDKIM_SIGNINGTABLE", "/empty"}}),
         "key_table = \"refile:/run/postern/secret/key_table\"\nsigning_table = \"refile:/run/postern/secret/signing_table\"\n", toml},
        {"signatures, how often", with(scanner, {{"FRESHCLAM_CHECKS_PER_DAY", "24"}}), "Checks 24\n", freshclam},
        {"signatures, from where", with(scanner, {{"FRESHCLAM_DB_MIRROR", "clam.example"}}), "DatabaseMirror clam.example\n", freshclam},
        {"scanner's name", with(scanner, {{"CLAMAV_MILTER_REPORT_HOSTNAME", "scan.example"}}), "hostname = \"scan.example\"\n", toml},
        {"scanner's list", with(scanner, {{"CLAMAV_MILTER_ALLOWLIST", "/l"}}), "exempt_lists = [\"/l\"]\n", toml},
        {"phishing", with(scanner, {{"CLAMAV_CLAMD_PHISHING_SIGNATURES", "no"}}), "PhishingSignatures no\n", clamd},
        {"phishing URLs", with(scanner, {{"CLAMAV_CLAMD_PHISHING_SCAN_URLS", "no"}}), "PhishingScanURLs no\n", clamd},
        {"phishing mismatch", with(scanner, {{"CLAMAV_CLAMD_PHISHING_ALWAYS_BLOCK_SSL_MISMATCH", "yes"}}), "AlertPhishingSSLMismatch yes\n", clamd},
        {"phishing cloak", with(scanner, {{"CLAMAV_CLAMD_PHISHING_ALWAYS_BLOCK_CLOAK", "yes"}}), "AlertPhishingCloak yes\n", clamd},
        {"heuristics", with(scanner, {{"CLAMAV_CLAMD_HEURISTIC_SCAN_PRECEDENCE", "yes"}}), "HeuristicScanPrecedence yes\n", clamd},
        {"profile", with({{"PROFILE", "gateway"}, {"MAILNAME", "mx.example.com"}}, {{"POSTMASTER_EMAIL", "p@example.com"}}), " postscreen\n", "master.cf"},
        {"PROXY", with(gateway, {{"POSTFIX_PROXY_PROTOCOL", "true"}}), "postscreen_upstream_proxy_protocol = haproxy\n"},
        {"time to end", with(gateway, {{"POSTFIX_DRAIN_TIME", "25"}}), "postern-container drain 25\n", "/run/postern/service/.s6-svscan/SIGTERM"},
        {"no fetching", with(gateway, {{"ENABLE_POSTGREY", "true"}, {"POSTGREY_WHITELIST_UPDATE", "false"}}), absent, service("whitelist")},
        {"bare newlines", gateway, "smtpd_forbid_bare_newline = normalize\n"},
        {"bans take effect", gateway, "postscreen_denylist_action = enforce\n"},
    };
}

Result<std::string> empty_files(const std::string& path)
{
    return path == "/empty" ? Result<std::string>("") : no_files(path);
}

std::string copies_of(const Image& image)
{
    std::string text;
    for (const auto& copy : image.copies)
        text += fmt::format("{} {}\n", copy.from, copy.to);
    return text;
}

} // namespace

TEST_CASE("each variable does what its manual says, and none was forgotten")
{
    auto cases = relay_cases();
    for (auto& more : gateway_cases())
        cases.push_back(std::move(more));
    std::set<std::string> seen;
    for (const auto& c : cases) {
        CAPTURE(std::string(c.name));
        const auto image = image_of(c.environment, {}, empty_files);
        for (const auto& [name, value] : c.environment)
            seen.insert(name);
        if (!c.want) {
            auto without = c.environment;
            for (const auto* const name : {"TZ", "DKIM_EXTERNALIGNORE", "POSTFIX_LDAP_VERSION", "OPENDKIM_LOGRESULTS"})
                without.erase(name);
            CHECK(without.size() + 1 == c.environment.size());
            for (const auto& file : image_of(without, {}, empty_files).files)
                CHECK(text_of(image, file.path) == file.text);
            continue;
        }
        const auto text = c.file == "copies" ? copies_of(image) : text_of(image, c.file);
        CHECK_MESSAGE(has(text, c.want), text);
    }
    for (const auto* const row : variables())
        CHECK_MESSAGE(seen.contains(std::string(row->name)), std::string(row->name));
}

} // namespace postern
