#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption ldap_table_rows[] = {
    {"`server_host`", Fate::kept, "`ldap.servers`",
     "in this order; a server that fails is left alone and tried again in the background"},
    {"`server_port`", Fate::kept, "the port in `ldap.servers`", "used from a file as it is"},
    {"`timeout`", Fate::kept, "`ldap.timeout`, `ldap.connect_timeout`",
     "default 5s and 2s; from a file 10s, as Postfix has it, and `connect_timeout`"},
    {"`search_base`", Fate::kept, "`ldap.base`",
     "same placeholders; escaped by RFC 4514. Missing base: unavailable, never \"unknown\""},
    {"`query_filter`", Fate::kept, "`ldap.filter`, or `ldap.preset`",
     "same placeholders; escaped by RFC 4515. In a file, Postfix's default filter counts"},
    {"`result_attribute`", Fate::kept, "in `ldap.filter`, as `(attribute=*)`",
     "from a file as it is: an entry without one of its attributes is not found, as in Postfix"},
    {"`result_format`, `result_filter`", Fate::kept, "always so",
     "what is found exists. One that refuses (`REJECT`, `550 ...`) is a fault: it would mean the reverse"},
    {"`domain`", Fate::kept, "`ldap.domains`",
     "names, and files of names; `type:table` is refused: its keys cannot be listed"},
    {"`scope`", Fate::kept, "`ldap.scope`", ""},
    {"`bind`", Fate::kept, "`ldap.bind_dn` empty or not",
     "`yes`, `simple`, `no`, `none`; `sasl` is refused, see below"},
    {"`bind_dn`", Fate::kept, "`ldap.bind_dn`", ""},
    {"`bind_pw`", Fate::kept, "`ldap.bind_password`",
     "or `POSTERN_LDAP_1_BIND_PASSWORD_FILE`; a file that everybody may read is warned of; an empty one is "
     "never sent"},
    {"`version`", Fate::kept, "always so: 3", "`2` is refused: nobody should speak it any more"},
    {"`start_tls`", Fate::kept, "`ldap.start_tls`", ""},
    {"`tls_ca_cert_file`", Fate::kept, "`ldap.ca`", "default: the system's"},
    {"`tls_ca_cert_dir`", Fate::kept, "`ldap.ca_folder`", ""},
    {"`tls_require_cert`", Fate::changed, "`ldap.verify`",
     "Postern's default is true; a file keeps Postfix's (no) and is warned of"},
    {"`tls_cert`", Fate::kept, "`ldap.certificate`", ""},
    {"`tls_key`", Fate::kept, "`ldap.key`", ""},
    {"`tls_cipher_suite`", Fate::kept, "from a file as it is",
     "no setting: the TLS library's choice, TLS 1.2 or later"},
    {"`tls_random_file`", Fate::changed, "ignored, with a warning", "the TLS library has a better source"},
    {"`chase_referrals`", Fate::kept, "always so: no",
     "`yes` is refused: name the servers that hold the entries. See `ldap.ignore_referrals`"},
    {"`dereference`", Fate::kept, "from a file as it is", "no setting: never"},
    {"`size_limit`, `expansion_limit`, `recursion_limit`", Fate::changed, "ignored, with a warning",
     "one entry is enough"},
    {"`special_result_attribute`, `terminal_result_attribute`, `leaf_result_attribute`", Fate::kept,
     "as `result_attribute`", "an entry that has one exists; nothing is expanded"},
    {"`debuglevel`", Fate::changed, "ignored, with a warning",
     "`postern status` and the log say what is wrong with a server"},
    {"`cache`, `cache_expiry`, `cache_size`", Fate::kept,
     "`recipient.exists_ttl`, `unknown_ttl`, `stale_ttl`, `cache_size`",
     "ignored in a file, with a warning; Postfix ignores them too"},
    {"`sasl_mechs`, `sasl_realm`, `sasl_authz_id`, `sasl_minssf`", Fate::refused,
     "refused: SASL is not supported", "a simple bind over TLS is"},
    {"parameters in main.cf (`ldapsource_server_host`)", Fate::refused, "refused: old syntax",
     "`postconf -h` shows them; write a file"},
};

constexpr OldTable ldap_table_tables[] = {{"old", ldap_table_rows}};

} // namespace

constexpr OldOptions ldap_table_options{
    "ldap_table",
    "Postfix's `ldap:` recipient lookup: ldap_table(5)",
    "A file of ldap_table(5) is read as it is: `table = \"/etc/postfix/ldap-recipients.cf\"` in `[[ldap]]`. Or "
    "its settings are written in postern.toml, as the second column has them. Only whether an address exists is "
    "asked; a parameter that no row names is a fault with file and line. In main.cf, `check_recipient_access "
    "ldap:...` and `relay_recipient_maps = ldap:...` go; the table of `check_recipient_access hash:...` becomes "
    "`recipient.access`, as text.",
    ldap_table_tables,
};

} // namespace postern
