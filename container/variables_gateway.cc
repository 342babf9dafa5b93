#include "container/variable.h"

namespace postern {
namespace {

using enum Manual;
using enum VariableKind;

constexpr std::string_view modes[] = {"s", "v", "sv", "vs"};

constexpr Variable gateway_table[] = {
    {"ENABLE_CLAMAV", gateway, boolean, "false", "clamav.enable, the services clamd and freshclam",
     "Scan for viruses. An infected mail is refused, not swallowed: POSTERN_CLAMAV_INFECTED=discard does that.", "",
     "clamav.enable"},
    {"ENABLE_LDAP_RECIPIENT_ACCESS", gateway, boolean, "false", "[[ldap]]", "Ask a directory for recipients."},
    {"ENABLE_OPENDKIM", gateway, boolean, "false", "dkim.sign, dkim.verify", "DKIM, as OPENDKIM_MODE has it."},
    {"ENABLE_POSTGREY", gateway, boolean, "false", "greylist.enable", "Greylisting.", "", "greylist.enable"},
    {"ENABLE_SPF", gateway, boolean, "false", "spf.enable", "Refuse what SPF fails.", "", "spf.enable"},
    {"POSTMASTER_EMAIL", gateway, text, "", "aliases", "Gets the mail of postmaster, root, postfix and clamav; makes the "
                                                       "profile gateway."},
    {"SYSLOG_PRIORITY", gateway, number, "6", "log.level", "0 to 7: less urgent lines are not logged.", "", "", {}, 0, 7},

    {"POSTFIX_DNSBL_SITES", gateway, list, "", "postscreen_dnsbl_sites",
     "DNS lists. Where no filter is given, answers that mean an error never count."},
    {"POSTFIX_DNSBL_THRESHOLD", gateway, number, "1", "postscreen_dnsbl_threshold", "The score that refuses.", "", "", {}, 1,
     100000},
    {"POSTFIX_INET_PROTOCOLS", gateway, list, "all", "inet_protocols", "Which protocols are used.", "", "", ip_protocols},
    {"POSTFIX_MAIL_NAME", gateway, text, "Postfix", "mail_name", "The name of the mail system."},
    {"POSTFIX_MESSAGE_SIZE_LIMIT", gateway, number, "10240000", "message_size_limit", "The largest message.", "", "", {}, 0,
     2147483647},
    {"POSTFIX_MYDOMAIN", gateway, text, "", "mydomain", "postconf(5)."},
    {"POSTFIX_MYHOSTNAME", gateway, text, "the container's name", "myhostname", "postconf(5)."},
    {"POSTFIX_MYNETWORKS", gateway, list, "loopback", "mynetworks, trust.networks", "Our own clients."},
    {"POSTFIX_MYORIGIN", gateway, text, "myhostname", "myorigin", "postconf(5)."},
    {"POSTFIX_PROXY_INTERFACES", gateway, list, "", "proxy_interfaces", "postconf(5)."},
    {"POSTFIX_REJECT_INVALID_HELO_HOSTNAME", gateway, boolean, "true", "smtpd_helo_restrictions",
     "reject_invalid_helo_hostname."},
    {"POSTFIX_REJECT_NON_FQDN_HELO_HOSTNAME", gateway, boolean, "true", "smtpd_helo_restrictions",
     "reject_non_fqdn_helo_hostname."},
    {"POSTFIX_REJECT_UNKNOWN_HELO_HOSTNAME", gateway, boolean, "false", "smtpd_helo_restrictions",
     "reject_unknown_helo_hostname; only when asked for, since many honest servers have no such name."},
    {"POSTFIX_REJECT_UNKNOWN_SENDER_DOMAIN", gateway, boolean, "true", "smtpd_recipient_restrictions",
     "reject_unknown_sender_domain."},
    {"POSTFIX_RELAY_DOMAINS", gateway, list, "", "relay_domains", "Domains whose mail is taken and passed on."},
    {"POSTFIX_RELAYHOST_PORT", gateway, number, "25", "relayhost", "The port of POSTFIX_RELAYHOST.", "", "", {}, 1, 65535},
    {"POSTFIX_RELAYHOST", gateway, text, "", "relayhost", "Where mail goes."},
    {"ENABLE_SUBMISSION_PORT", gateway, boolean, "false", "master.cf", "Port 587, with TLS and login."},
    {"ENABLE_SMTPS_PORT", gateway, boolean, "false", "master.cf", "Port 465, with TLS from the start and login."},
    {"POSTFIX_SMTP_TLS_CHAIN_FILES", gateway, list, "", "smtp_tls_chain_files", "Key and certificates as a client."},
    {"POSTFIX_SMTPD_MILTERS", gateway, list, "", "smtpd_milters", "Milters after ours."},
    {"POSTFIX_SMTPD_RECIPIENT_RESTRICTIONS_PERMIT_SASL_AUTHENTICATED", gateway, boolean, "false",
     "smtpd_recipient_restrictions", "permit_sasl_authenticated, after client_access.cidr."},
    {"POSTFIX_SMTPD_TLS_CERT_FILE", gateway, path, "", "smtpd_tls_cert_file", "The certificate."},
    {"POSTFIX_SMTPD_TLS_CHAIN_FILES", gateway, list, "", "smtpd_tls_chain_files", "Key and certificates as a server."},
    {"POSTFIX_SMTPD_TLS_KEY_FILE", gateway, path, "", "smtpd_tls_key_file", "The key."},
    {"POSTFIX_SMTPD_TLS_LOGLEVEL", gateway, number, "0", "smtpd_tls_loglevel", "postconf(5).", "", "", {}, 0, 4},
    {"POSTFIX_SMTPD_TLS_SECURITY_LEVEL", gateway, text, "may with a certificate", "smtpd_tls_security_level",
     "Of mail that comes."},
    {"POSTFIX_SMTPD_USE_TLS", gateway, boolean, "", "smtpd_tls_security_level", "true: may; false: none."},
    {"POSTFIX_SMTPUTF8_ENABLE", gateway, boolean, "yes", "smtputf8_enable", "postconf(5)."},
    {"POSTFIX_CHECK_RECIPIENT_ACCESS_FINAL_ACTION", gateway, text, "defer", "recipient.unknown, smtpd_recipient_restrictions",
     "The answer to a recipient that neither the directory nor recipient_access.hash knows: defer says 450, reject 550."},
    {"POSTFIX_SMTPD_RELAY_BEFORE_RECIPIENT_RESTRICTIONS", gateway, boolean, "yes",
     "smtpd_relay_before_recipient_restrictions", "postconf(5)."},

    {"POSTFIX_LDAP_SERVERS", gateway, list, "", "ldap servers", "Directories: a host, HOST:PORT or an ldap URL each."},
    {"POSTFIX_LDAP_VERSION", gateway, number, "3", "nothing", "Postern speaks version 3 alone.", "", "", {}, 3, 3},
    {"POSTFIX_LDAP_QUERY_FILTER", gateway, text,
     "(&(|(objectclass=person)(objectclass=group))(proxyAddresses=smtp:%s))", "ldap filter",
     "What finds the entry of a recipient."},
    {"POSTFIX_LDAP_SEARCH_BASE", gateway, text, "", "ldap base", "Where the search begins."},
    {"POSTFIX_LDAP_BIND_DN", gateway, text, "", "ldap bind_dn", "Who logs in."},
    {"POSTFIX_LDAP_BIND_PW", gateway, text, "", "ldap bind_password", "The password.", "", "", {}, 0, 0, true},
    {"POSTFIX_LDAP_DEBUG_LEVEL", gateway, number, "0", "log.level", "From 1 on: debug.", "", "", {}, 0, 100000},

    {"OPENDKIM_DOMAIN", gateway, list, "", "dkim.domain domain", "Domains that are signed for."},
    {"OPENDKIM_INTERNALHOSTS", gateway, list, "", "trust.networks", "Whose mail is signed."},
    {"OPENDKIM_KEYFILE", gateway, path, "", "dkim.domain key", "The private key."},
    {"OPENDKIM_KEYTABLE", gateway, path, "", "dkim.key_table", "A table of keys, NAME DOMAIN:SELECTOR:PATH."},
    {"OPENDKIM_LOGRESULTS", gateway, boolean, "false", "log.level", "Postern's line tells each signature's result anyway."},
    {"OPENDKIM_LOGWHY", gateway, boolean, "false", "log.level", "true: debug."},
    {"OPENDKIM_MODE", gateway, text, "sv", "dkim.sign, dkim.verify", "s signs, v verifies.", "", "", modes},
    {"OPENDKIM_SELECTOR", gateway, text, "", "dkim.domain selector", "The selector."},
    {"OPENDKIM_SIGNINGTABLE", gateway, path, "", "dkim.signing_table", "A table of senders, PATTERN NAME."},
    {"OPENDKIM_SUBDOMAINS", gateway, boolean, "false", "dkim.domain subdomains", "Sign for what is below, too."},

    {"FRESHCLAM_CHECKS_PER_DAY", gateway, number, "12", "freshclam Checks", "How often new signatures are looked for.", "", "",
     {}, 0, 50},
    {"FRESHCLAM_DB_MIRROR", gateway, text, "database.clamav.net", "freshclam DatabaseMirror", "Where."},
    {"CLAMAV_MILTER_REPORT_HOSTNAME", gateway, text, "the container's name", "clamav.hostname",
     "The name under which the scan is reported."},
    {"CLAMAV_MILTER_ALLOWLIST", gateway, path, "", "clamav.exempt_lists", "A file of addresses whose mail is not scanned."},
    {"CLAMAV_CLAMD_PHISHING_SIGNATURES", gateway, boolean, "", "clamd PhishingSignatures", "clamd.conf(5)."},
    {"CLAMAV_CLAMD_PHISHING_SCAN_URLS", gateway, boolean, "", "clamd PhishingScanURLs", "clamd.conf(5)."},
    {"CLAMAV_CLAMD_PHISHING_ALWAYS_BLOCK_SSL_MISMATCH", gateway, boolean, "", "clamd AlertPhishingSSLMismatch",
     "clamd.conf(5)."},
    {"CLAMAV_CLAMD_PHISHING_ALWAYS_BLOCK_CLOAK", gateway, boolean, "", "clamd AlertPhishingCloak", "clamd.conf(5)."},
    {"CLAMAV_CLAMD_HEURISTIC_SCAN_PRECEDENCE", gateway, boolean, "", "clamd HeuristicScanPrecedence", "clamd.conf(5)."},
};

constexpr std::string_view profiles[] = {"relay", "gateway"};

constexpr Variable own[] = {
    {"PROFILE", ours, text, "by MAILNAME or POSTMASTER_EMAIL", "the defaults and the ports",
     "relay or gateway, where both variables are set.", "", "", profiles},
    {"POSTFIX_PROXY_PROTOCOL", ours, boolean, "false",
     "postscreen_upstream_proxy_protocol, smtpd_upstream_proxy_protocol",
     "Port 25 expects a load balancer that says who the client is (HAProxy's protocol, version 1 or 2)."},
    {"POSTFIX_DRAIN_TIME", ours, number, "7", "the end of the container",
     "Seconds that open sessions and deliveries have to finish when the container is told to end; some seconds less than "
     "its stop timeout, which is 10 s with Docker and 30 s with Kubernetes.", "", "", {}, 0, 3600},
    {"POSTFIX_LDAP_START_TLS", ours, boolean, "false", "ldap start_tls", "Encrypt ldap:// before anything is said."},
    {"POSTFIX_LDAP_TLS_VERIFY", ours, boolean, "true", "ldap verify", "Verify the server's certificate."},
    {"POSTFIX_LDAP_TLS_CA", ours, path, "the system's", "ldap ca", "The authorities that may vouch for it."},
    {"POSTFIX_LDAP_TIMEOUT", ours, text, "5s", "ldap timeout", "How long a server may take."},
    {"POSTFIX_LDAP_IGNORE_REFERRALS", ours, boolean, "false", "ldap ignore_referrals",
     "A server that knows of others and finds nothing: the address does not exist."},
    {"POSTGREY_WHITELIST_UPDATE", ours, boolean, "true", "the service whitelist",
     "Fetch postgrey's list of clients once a day; mail never waits for it."},
};

} // namespace

std::span<const Variable> gateway_variables()
{
    return gateway_table;
}

std::span<const Variable> own_variables()
{
    return own;
}

} // namespace postern
