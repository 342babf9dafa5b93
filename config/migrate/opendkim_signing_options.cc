#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption opendkim_signing_rows[] = {
    {"`Mode`", Fate::kept, "`milterd.role`",
     "`s` is `submission`, `v` is `inbound`, `sv` is `both`; each instance has its own, so two sockets can have "
     "two"},
    {"`Domain`, `KeyFile`, `Selector`", Fate::kept, "`[[dkim.domain]]` `domain`, `key`, `selector`",
     "once for each key"},
    {"`KeyTable`", Fate::kept, "`key_table`",
     "the same rows: `%` for the author's domain, a path or the key itself. Read and checked whole at start and "
     "reload: incomplete rows, double names and keys that cannot be used are faults with file and line. Files "
     "of a path with `%` are looked for when the table is read: after a new one, reload. Relative paths are "
     "refused"},
    {"`SigningTable`", Fate::kept, "`signing_table`",
     "the same rows and the same order of search, tried against opendkim itself. A name that is not in the key "
     "table is a fault at load, not a deferral of each mail. Patterns that fit any domain, or no address, are "
     "warned of"},
    {"`MultipleSignatures`", Fate::kept, "`all_matches`",
     "opendkim 2.11 loses those between the first and the last of three or more; here each is made. A signature "
     "that two rows want is made once"},
    {"`SubDomains`", Fate::kept, "`[[dkim.domain]]` `subdomains`", "a key each"},
    {"`Canonicalization`", Fate::kept, "`canonicalization`, also for one key",
     "the default is relaxed/simple, opendkim's is simple/simple. Both words must be named"},
    {"`SignatureAlgorithm`", Fate::kept, "always so: what the key is",
     "RSA signs rsa-sha256, Ed25519 signs ed25519-sha256, both on one mail if both keys are there; `rsa-sha1` "
     "is refused (RFC 8301)"},
    {"`SignHeaders`", Fate::kept, "`signed_fields`",
     "`*`, `+x`, `-x`, `.` as before. From is signed always; what changes on the way (Received, "
     "Authentication-Results, ...) is a fault"},
    {"`OmitHeaders`", Fate::kept, "`omitted_fields`", "the same default"},
    {"`OversignHeaders`", Fate::kept, "`oversign`",
     "the default is From, opendkim's is none. What is oversigned is signed, too"},
    {"`SenderHeaders`", Fate::kept, "`author_fields`", ""},
    {"`SignatureTTL`", Fate::kept, "`signature_lifetime`", "a time: `\"14d\"`"},
    {"`InternalHosts`", Fate::kept, "`trust.networks`",
     "the default is loopback, IPv6 included. With `!`: the most exact network decides, the longest name; a no "
     "by address is not undone by a name, as it was"},
    {"`ExternalIgnoreList`", Fate::kept, "always so",
     "there is no such log line: the record of each mail says whose it was, `origin=stranger`"},
    {"`MacroList`", Fate::kept, "`our_macros`",
     "`\"{name}\"`, or `\"{name}\\|value\\|value\"`; Postfix is asked for them, whatever milter_mail_macros says"},
    {"`MTA`", Fate::kept, "`daemon_names`", "the default is ORIGINATING"},
    {"`PeerList`", Fate::kept, "`milterd.ignored_clients`", "they are not scanned for viruses either"},
    {"`ExemptDomains`", Fate::kept, "`unsigned_domains`",
     "for signing; verifying is never switched off by what a mail says of itself"},
    {"`DontSignMailTo`", Fate::kept, "`unsigned_recipients`",
     "users, domains with those below, regular expressions; `*` patterns of a `refile:` are to be written as "
     "these"},
    {"`RequireSafeKeys`", Fate::changed, "`require_safe_keys`",
     "owner root or the daemon, mode 0600, or 0640 with the daemon's group. The folders above are not looked at"},
    {"`RemoveOldSignatures`", Fate::kept, "`remove_signatures = \"all\"`", "or `\"ours\"`"},
    {"mail without a single From address", Fate::kept, "`unclear_author`",
     "refused; opendkim lets it pass unsigned. Of authors of several domains opendkim takes the first"},
    {"bounces", Fate::kept, "`bounce_domain`, and `internal_mail_filter_classes = bounce` in main.cf",
     "they are signed by their From like any mail; never refused"},
    {"mail back from a content filter", Fate::kept, "`milterd.returning_daemon_names`, `sign_judged`",
     "opendkim signs it as our own"},
    {"identity, second field of `SigningTable`", Fate::kept, "the same, and `[[dkim.domain]]` `identity`",
     "left out where it does not go with d="},
    {"`BodyLengthDB`, `MaximumSignedBytes`", Fate::refused, "refused: `l=` lets others add text", ""},
    {"`Diagnostics`, `RequestReports`", Fate::refused, "refused: `z=` repeats the header, nobody answers `r=y`",
     ""},
    {"`SenderMacro`, `SelectCanonicalizationHeader`", Fate::refused,
     "refused: who sends a mail would choose how it is signed", ""},
    {"`IdentityHeader`, `IdentityHeaderRemove`, `ResignMailTo`, `ResignAll`", Fate::refused,
     "refused: distributions do not compile them in", ""},
    {"`ReplaceRules`, `ReplaceHeaders`", Fate::refused, "refused: mend the rewriting instead", ""},
    {"`StrictTestMode`, `FixCRLF`", Fate::kept, "always so: line ends are made right", ""},
};

constexpr OldOption data_sets[] = {
    {"comma list, `csl:`, `file:`, leading slash", Fate::kept, "the same",
     "a list in TOML may mix entries and `file:PATH`"},
    {"`refile:`", Fate::kept, "for the two tables", "in other sets entries have forms of their own"},
    {"address sets: names, `.domain`, addresses, CIDR, `!`", Fate::kept,
     "`trust.networks`, `trust.relays`, `milterd.ignored_clients`", ""},
    {"`ldap:`, `mdb:`", Fate::refused, "refused, for now", "write a file"},
    {"`db:`, `dsn:`, `lua:`, `memcache:`, `erlang:`", Fate::refused, "refused",
     "`opendkim-testkey` and `db_dump` help to write a file"},
};

constexpr OldTable opendkim_signing_tables[] = {{"old", opendkim_signing_rows}, {"data sets", data_sets}};

} // namespace

constexpr OldOptions opendkim_signing_options{
    "opendkim",
    "opendkim 2.11: signing",
    "Settings are of section `[dkim]` where no other is named; the keys of one domain may also stand in "
    "`[[dkim.domain]]`. A data set is written as before: `file:PATH` or a leading slash, `refile:PATH` for "
    "patterns, `csl:` or a plain list.",
    opendkim_signing_tables,
};

} // namespace postern
