#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption opendkim_verifying_rows[] = {
    {"`Mode = v`", Fate::kept, "`dkim.verify = true`", ""},
    {"`On-Default`", Fate::kept, "`default_action`",
     "for each of the settings that follow, where it is `\"default\"`"},
    {"`On-BadSignature`", Fate::kept, "`bad_signature`",
     "also when it is not the body's hash but the header's"},
    {"`On-DNSError`", Fate::kept, "`dns_error`",
     "`\"defer\"` is 451 4.7.5. opendkim said 451 and accepted the mail"},
    {"`On-InternalError`", Fate::kept, "`internal_error`", ""},
    {"`On-KeyNotFound`", Fate::kept, "`key_not_found`",
     "also a revoked key and a broken record: a DNS that does not answer is never \"no key\""},
    {"`On-NoSignature`", Fate::kept, "`no_signature`", ""},
    {"`On-Security`", Fate::kept, "`security`",
     "what is well made and not acceptable: rsa-sha1, a short key, expired, several From fields, "
     "`must_be_signed`, `minimum_signed_body`"},
    {"`On-SignatureError`", Fate::kept, "`signature_error`", ""},
    {"actions `accept`, `discard`, `quarantine`, `reject`, `tempfail`", Fate::kept,
     "`\"accept\"`, `\"discard\"`, `\"quarantine\"`, `\"reject\"`, `\"defer\"`",
     "discard loses mail without a word; the log says so"},
    {"`AuthservID`", Fate::kept, "`milterd.authserv_id`", "empty for `HOSTNAME`"},
    {"`AuthservIDWithJobID`", Fate::kept, "`auth_results.queue_id`",
     "`\"NAME/ID\"` in quotes, as RFC 8601 wants it"},
    {"`AlwaysAddARHeader`", Fate::kept, "always so", "`dkim=none` of mail without a signature"},
    {"`NoHeaderB`", Fate::kept, "`auth_results.header_b = false`", ""},
    {"`KeepAuthResults`", Fate::kept, "`auth_results.remove = \"none\"`",
     "lets anybody forge results. For a backup MX of ours: `auth_results.keep_from_relays`"},
    {"`RemoveARAll`", Fate::kept, "`auth_results.remove = \"all\"`", ""},
    {"`RemoveARFrom`", Fate::kept, "`auth_results.remove_ids`",
     "beside our own name; also `.example.org`. Every field that matches goes, in whatever order and however "
     "long and folded"},
    {"`MinimumKeyBits`", Fate::kept, "`minimum_key_bits`", "less than 1024 is refused (RFC 8301)"},
    {"`MaximumSignaturesToVerify`", Fate::kept, "`max_signatures`",
     "5; those further down are counted in Authentication-Results"},
    {"`Minimum = N%`", Fate::kept, "`minimum_signed_body = N`",
     "`N` octets and `N+` are refused: say it in per cent. 100 trusts no `l=` that leaves something out"},
    {"`MustBeSigned`", Fate::kept, "`must_be_signed`", "every field of such a name, not only one of them"},
    {"`ClockDrift`", Fate::kept, "`clock_drift`", ""},
    {"`TrustSignaturesFrom`", Fate::refused, "refused: DMARC says whose signature counts", "`[dmarc]`"},
    {"`RequiredHeaders`", Fate::kept, "`header.malformed = \"reject\"`",
     "RFC 5322 3.6; also `\"quarantine\"`, `\"defer\"`, `\"discard\"`. The log names what is wrong in any case"},
    {"`StrictHeaders`, `WeakSyntaxChecks`, `IgnoreMalformedMail`", Fate::refused,
     "refused: there is one way to read a field", "a From that cannot be read: `dmarc.bad_from`"},
    {"`MaximumHeaders`", Fate::kept, "`header.max_size`, `header.max_fields`",
     "1M, not 64K; 552 5.3.4 above it"},
    {"`BogusKey`, `UnprotectedKey`", Fate::refused,
     "refused: whether an answer is genuine is the resolver's to know",
     "a validating resolver answers SERVFAIL for a bogus key: `dns_error`"},
    {"`TrustAnchorFile`", Fate::changed, "the resolver's to know",
     "a validating resolver answers SERVFAIL for a bogus key: `dns_error`"},
    {"`Quarantine`", Fate::kept, "`\"quarantine\"` in the place of `\"reject\"`", ""},
    {"`CaptureUnknownErrors`", Fate::kept, "`internal_error = \"quarantine\"`", ""},
    {"`RedirectFailuresTo`", Fate::refused, "refused: it would send mail to others than those it is for",
     "`\"quarantine\"`"},
    {"`AllowSHA1Only`, `DomainKeysCompat`, `DisableCryptoInit`", Fate::refused, "refused: gone with RFC 8301",
     ""},
    {"`SendReports`, `ReportAddress`, `ReportBccAddress`, `MTACommand`, `SMTPURI`", Fate::changed,
     "none is sent: nobody reads such reports, and they go to whom a sender names", ""},
    {"`DiagnosticDirectory`, `KeepTemporaryFiles`", Fate::refused,
     "refused: there are no temporary files", "`postern explain --message`"},
    {"`TemporaryDirectory`", Fate::changed, "there are no temporary files", ""},
    {"`DNSTimeout`", Fate::kept, "`dns.timeout`, `milterd.deadline`",
     "all keys of a mail are asked for at once"},
    {"`Nameservers`", Fate::kept, "`dns.servers`", ""},
    {"`QueryCache`", Fate::kept, "always so", "`dns.cache_size`"},
    {"`LogResults`, `LogWhy`, `SyslogSuccess`", Fate::kept, "always so",
     "one line a message: `dkim_verify=\"accept fail example.org (body hash did not verify)\"`"},
    {"`TestDNSData`, `TestPublicKeys`", Fate::refused, "refused: keys come from the DNS",
     "`dns.servers` may name a test server"},
    {"`VBR-*`", Fate::refused, "refused: vouching by reference is dead", ""},
};

constexpr OldTable opendkim_verifying_tables[] = {{"old", opendkim_verifying_rows}};

} // namespace

constexpr OldOptions opendkim_verifying_options{
    "opendkim",
    "DKIM: opendkim.conf 2.11, verifying",
    "Settings are of section `[dkim_verify]` where no other is named. A stranger's mail of which one signature "
    "passes is always accepted; mail of `trust.relays`, of `trust.networks` and of logins is never refused.",
    opendkim_verifying_tables,
};

} // namespace postern
