#include "container/variable.h"

namespace postern {
namespace {

using enum Manual;
using enum VariableKind;

constexpr Variable relay_table[] = {
    {"MAILNAME", relay, text, "", "myhostname", "The name of this service; makes the profile relay.", "POSTFIX_MYHOSTNAME"},
    {"MYNETWORKS", relay, list, "loopback and RFC 1918 networks, without the gateway's address", "mynetworks",
     "Who may relay. Unset, the address of the container's own gateway is left out: behind it all the world may hide.",
     "POSTFIX_MYNETWORKS"},
    {"LOGOUTPUT", relay, path, "/dev/stdout", "maillog_file", "Where Postfix logs: /dev/stdout or a file below /var."},
    {"TZ", both, text, "UTC", "TZ", "The time zone of Received fields and logs."},
    {"POSTFIX_EXPORTER_ENABLED", relay, boolean, "false", "port 9154",
     "Prometheus metrics of the queues and of both daemons at /metrics."},

    {"SIZELIMIT", relay, number, "15728640", "message_size_limit", "The largest message.", "POSTFIX_MESSAGE_SIZE_LIMIT", "",
     {}, 0, 2147483647},
    {"POSTFIX_ADD_MISSING_HEADERS", relay, boolean, "no", "always_add_missing_headers", "Add header fields that are missing."},
    {"INET_PROTOCOLS", relay, list, "all", "inet_protocols", "Which protocols are used.", "POSTFIX_INET_PROTOCOLS", "",
     ip_protocols},
    {"BOUNCE_ADDRESS", relay, text, "", "bounce_notice_recipient, 2bounce_notice_recipient, notify_classes",
     "Who is told of mail that could not be delivered; none: the log."},
    {"HEADER_CHECKS", relay, boolean, "false", "header_checks",
     "Take out of mail what tells of the sender's software and address."},
    {"DISABLE_VRFY_COMMAND", relay, boolean, "yes", "disable_vrfy_command", "Do not answer VRFY."},

    {"SMTP_DESTINATION_CONCURRENCY_LIMIT", relay, number, "", "smtp_destination_concurrency_limit",
     "Connections to one domain at a time.", "", "", {}, 0, 10000},
    {"SMTP_DESTINATION_RATE_DELAY", relay, text, "", "smtp_destination_rate_delay",
     "A pause between two messages to one domain, such as 5s."},
    {"SMTP_EXTRA_RECIPIENT_LIMIT", relay, number, "", "smtp_destination_recipient_limit", "Recipients of one delivery.", "",
     "", {}, 1, 100000},

    {"RELAYHOST", relay, text, "", "relayhost", "Where mail goes; brackets: without an MX lookup.", "POSTFIX_RELAYHOST"},
    {"RELAYHOST_AUTH", relay, boolean, "no", "smtp_sasl_auth_enable", "Log in there."},
    {"RELAYHOST_PASSWORDMAP", relay, list, "", "smtp_sasl_password_maps",
     "HOST:USER:PASSWORD, with commas between; USER:PASSWORD is for RELAYHOST.", "", "", {}, 0, 0, true},
    {"RELAYHOST_MAP", relay, list, "", "sender_dependent_relayhost_maps", "SENDER:HOST, with commas between."},
    {"SENDER_DEPENDENT_RELAYHOST_AUTH", relay, boolean, "no", "smtp_sender_dependent_authentication",
     "RELAYHOST_PASSWORDMAP may name senders instead of hosts."},

    {"SMTPD_USERS", relay, list, "", "smtpd_sasl_auth_enable, sasldb2",
     "USER:PASSWORD, with commas between: clients that log in may relay; only with TLS, unless that is off.", "", "", {}, 0,
     0, true},

    {"USE_TLS", relay, boolean, "yes", "smtpd_tls_security_level, smtp_tls_security_level", "TLS at all, in both directions.",
     "POSTFIX_SMTPD_USE_TLS"},
    {"TLS_SECURITY_LEVEL", relay, text, "may", "smtpd_tls_security_level", "Of mail that comes.",
     "POSTFIX_SMTPD_TLS_SECURITY_LEVEL"},
    {"TLS_KEY", relay, path, "/etc/ssl/private/ssl-cert-snakeoil.key", "smtpd_tls_key_file",
     "A self-signed pair is made at the default path.", "POSTFIX_SMTPD_TLS_KEY_FILE"},
    {"TLS_CRT", relay, path, "/etc/ssl/certs/ssl-cert-snakeoil.pem", "smtpd_tls_cert_file", "The certificate.",
     "POSTFIX_SMTPD_TLS_CERT_FILE"},
    {"TLS_CA", relay, path, "", "smtpd_tls_CAfile", "The authorities of clients' certificates."},
    {"CLIENT_TLS_SECURITY_LEVEL", relay, text, "may", "smtp_tls_security_level", "Of mail that leaves."},
    {"CLIENT_TLS_KEY", relay, path, "/etc/ssl/private/ssl-cert-snakeoil.key", "smtp_tls_key_file", "Our key as a client."},
    {"CLIENT_TLS_CRT", relay, path, "/etc/ssl/certs/ssl-cert-snakeoil.pem", "smtp_tls_cert_file",
     "Our certificate as a client."},
    {"CLIENT_TLS_CA", relay, path, "the system's", "smtp_tls_CAfile", "The authorities of servers' certificates."},

    {"USE_DKIM", relay, boolean, "no", "dkim.sign", "Sign mail of our own.", "ENABLE_OPENDKIM"},
    {"DKIM_KEYFILE", relay, path, "/etc/opendkim/dkim.key", "dkim.domain key", "The private key.", "OPENDKIM_KEYFILE"},
    {"DKIM_DOMAINS", relay, list, "MAILNAME", "dkim.domain domain", "Domains that are signed for, all with one key.",
     "OPENDKIM_DOMAIN"},
    {"DKIM_SELECTOR", relay, text, "mail", "dkim.domain selector", "The selector.", "OPENDKIM_SELECTOR"},
    {"DKIM_INTERNALHOSTS", relay, list, "MYNETWORKS", "trust.networks", "Whose mail is signed.", "OPENDKIM_INTERNALHOSTS"},
    {"DKIM_EXTERNALIGNORE", relay, list, "MYNETWORKS", "nothing",
     "Whom OpenDKIM does not warn of when they send as one of our domains; Postern warns of nobody."},
    {"DKIM_OVERSIGN_HEADERS", relay, list, "From", "dkim.oversign", "Header fields that nobody may add to."},
    {"DKIM_SENDER_HEADERS", relay, list, "", "dkim.author_fields", "Which header fields tell the domain that signs."},
    {"DKIM_SIGN_HEADERS", relay, list, "", "dkim.signed_fields", "Which header fields are signed."},
    {"DKIM_OMIT_HEADERS", relay, list, "", "dkim.omitted_fields", "Which are not."},

    {"POSTCONF", relay, text, "", "anything", "NAME=VALUE, with semicolons between: has the last word in main.cf."},
    {"CONFIG_RELOADER_ENABLED", relay, boolean, "true", "the service watch",
     "Reload when certificates, keys or secrets change. On, unlike in the manual."},
};

} // namespace

std::span<const Variable> relay_variables()
{
    return relay_table;
}

} // namespace postern
