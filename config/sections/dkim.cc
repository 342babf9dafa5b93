#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr std::string_view unclear_author_words[] = {"reject", "defer", "accept"};
constexpr std::string_view remove_signatures_words[] = {"none", "ours", "all"};

constexpr Setting dkim_rows[] = {
    {.section = "dkim", .name = "verify",
     .target = [](Config& c) -> Target { return &c.dkim.verify; },
     .fallback = "true",
     .text = "Verify the signatures of strangers' mail, as [dkim_verify] says."},
    {.section = "dkim", .name = "sign",
     .target = [](Config& c) -> Target { return &c.dkim.sign; },
     .fallback = "true",
     .text = "Sign mail of our own whose domain has a key below. It never leaves unsigned: if the key cannot be used, "
             "the mail is deferred."},
    {.section = "dkim", .name = "canonicalization",
     .target = [](Config& c) -> Target { return &c.dkim.canonicalization; },
     .fallback = "relaxed/simple",
     .text = "Of header and body, when we sign: relaxed survives changes of white space on the way.",
     .check = check_canonicalization},
    {.section = "dkim", .name = "oversign",
     .target = [](Config& c) -> Target { return &c.dkim.oversign; },
     .fallback = "From",
     .text = "Header fields that nobody may add once more without breaking our signature. As in signed_fields, * is "
             "the default.",
     .check = check_field_change},
    {.section = "dkim", .name = "signed_fields",
     .target = [](Config& c) -> Target { return &c.dkim.signed_fields; },
     .fallback = "*",
     .text = "Header fields that are signed, if the mail has them: names, or changes of the default (those of RFC 6376 "
             "5.4.1, the MIME fields and those of mailing lists): [\"*\", \"+X-Ticket\", \"-Reply-To\"]. \".\" is no "
             "field. From is signed always.",
     .check = check_field_change},
    {.section = "dkim", .name = "omitted_fields",
     .target = [](Config& c) -> Target { return &c.dkim.omitted_fields; },
     .fallback = "*",
     .text = "Header fields that are never signed, written as signed_fields are; the default are Return-Path, Received, "
             "Comments, Keywords, Bcc, Resent-Bcc and DKIM-Signature.",
     .check = check_field_change},
    {.section = "dkim", .name = "author_fields",
     .target = [](Config& c) -> Target { return &c.dkim.author_fields; },
     .fallback = "From",
     .text = "Header fields that say who the author is, by whose address the keys are chosen: the first of them that the "
             "mail has. Receivers look at From alone (DMARC).",
     .check = check_field_change},
    {.section = "dkim", .name = "unclear_author",
     .target = [](Config& c) -> Target { return &c.dkim.unclear_author; },
     .fallback = "reject",
     .text = "What becomes of mail of our own that has no From field, several, one without an address, or authors of "
             "several domains, so that nobody can say who is to sign: reject (550 5.6.0), defer, or accept, unsigned. "
             "Postfix's own mail and that of sendmail(1) is never refused.",
     .words = unclear_author_words},
    {.section = "dkim", .name = "signature_lifetime",
     .target = [](Config& c) -> Target { return &c.dkim.signature_lifetime; },
     .fallback = "0s",
     .text = "How long our signatures are good (x=); 0s: for ever. Mail may be in queues for days.",
     .low = "0s", .high = "365d"},
    {.section = "dkim", .name = "key_table",
     .target = [](Config& c) -> Target { return &c.dkim.key_table; },
     .fallback = "",
     .text = "OpenDKIM's KeyTable: file:PATH, or refile:PATH whose names are patterns, or name=domain:selector:key, ... "
             "itself. Keys are used beside those of [[dkim.domain]].",
     .check = check_data_set},
    {.section = "dkim", .name = "signing_table",
     .target = [](Config& c) -> Target { return &c.dkim.signing_table; },
     .fallback = "",
     .text = "OpenDKIM's SigningTable, which says whose mail gets which key of key_table: refile:PATH for a file with "
             "patterns, file:PATH for one in which addresses are looked up. Both tables are read again at a reload; if "
             "there is a fault in one, the old ones stay.",
     .check = check_data_set},
    {.section = "dkim", .name = "all_matches",
     .target = [](Config& c) -> Target { return &c.dkim.all_matches; },
     .fallback = "false",
     .text = "Sign by every row of signing_table that fits, such as one of RSA and one of Ed25519, not by the first "
             "alone."},
    {.section = "dkim", .name = "unsigned_recipients",
     .target = [](Config& c) -> Target { return &c.dkim.unsigned_recipients; },
     .fallback = "",
     .text = "Mail to one of these is not signed: a domain with those below it, user@, user@domain, a /regular "
             "expression/, or file:PATH with such entries.",
     .check = check_address_list_item},
    {.section = "dkim", .name = "unsigned_domains",
     .target = [](Config& c) -> Target { return &c.dkim.unsigned_domains; },
     .fallback = "",
     .text = "Authors' domains whose mail is not signed, though a key would fit: example.org, or .example.org for all "
             "below it, or file:PATH with such entries.",
     .check = check_domain_list_item},
    {.section = "dkim", .name = "remove_signatures",
     .target = [](Config& c) -> Target { return &c.dkim.remove_signatures; },
     .fallback = "none",
     .text = "Which signatures that a mail bears already are taken out when we sign it: none, ours (of a domain that we "
             "sign for), all.",
     .words = remove_signatures_words},
    {.section = "dkim", .name = "bounce_domain",
     .target = [](Config& c) -> Target { return &c.dkim.bounce_domain; },
     .fallback = "",
     .text = "The domain whose keys sign bounces (mail from <>) whose own author has no key, such as the host's name in "
             "HELO. Empty: they leave unsigned. To have Postfix show us its bounces: internal_mail_filter_classes = "
             "bounce.",
     .check = check_domain},
    {.section = "dkim", .name = "sign_judged",
     .target = [](Config& c) -> Target { return &c.dkim.sign_judged; },
     .fallback = "false",
     .text = "Sign mail that bears Authentication-Results of ours and comes without login. It was a stranger's once, and "
             "comes back from a content filter or a forwarding program: false leaves it unsigned. true is for a mailing "
             "list manager that keeps the field and puts an author of ours into From."},
    {.section = "dkim", .name = "daemon_names",
     .target = [](Config& c) -> Target { return &c.dkim.daemon_names; },
     .fallback = "ORIGINATING",
     .text = "Mail is our own if it comes through a listener of master.cf with one of these names: -o "
             "milter_macro_daemon_name=ORIGINATING, as Debian's submission service has it."},
    {.section = "dkim", .name = "managed",
     .target = [](Config& c) -> Target { return &c.dkim.managed; },
     .fallback = "/etc/postern/dkim",
     .text = "The folder of the keys that \"postern dkim\" makes and exchanges (postern(1)). Those that have come so far "
             "sign, beside the keys of [[dkim.domain]]. It need not exist; empty: none.",
     .check = check_path},
    {.section = "dkim", .name = "rotate_after",
     .target = [](Config& c) -> Target { return &c.dkim.rotate_after; },
     .fallback = "180d",
     .text = "\"postern dkim rotate\" makes new keys when those that sign are so old. 0s: only with --now.",
     .low = "0s", .high = "3650d"},
    {.section = "dkim", .name = "publish_wait",
     .target = [](Config& c) -> Target { return &c.dkim.publish_wait; },
     .fallback = "1h",
     .text = "How long the record of a new key must have been seen in the DNS before the key signs: name servers that "
             "nobody names (anycast, hidden secondaries) get time to learn of it.",
     .low = "0s", .high = "30d"},
    {.section = "dkim", .name = "overlap",
     .target = [](Config& c) -> Target { return &c.dkim.overlap; },
     .fallback = "7d",
     .text = "How long the record of a key must stay after another signs in its place, for mail that is under way. "
             "Longer than Postfix's maximal_queue_lifetime (5d), for receivers look it up when the mail comes.",
     .low = "0s", .high = "365d"},
    {.section = "dkim", .name = "ask_name_servers",
     .target = [](Config& c) -> Target { return &c.dkim.ask_name_servers; },
     .fallback = "true",
     .text = "\"postern dkim\" asks the zone's own name servers for a record, too, and not the servers of [dns] alone. "
             "false where these alone can be reached."},
    {.section = "dkim", .name = "our_macros",
     .target = [](Config& c) -> Target { return &c.dkim.our_macros; },
     .fallback = "",
     .text = "Mail is our own if Postfix gives one of these milter macros, or gives it one of these values: "
             "[\"{auth_type}\", \"{client_name}|desk.example.org|lab.example.org\"]. Only such as a client cannot set.",
     .check = check_macro_rule},
    {.section = "dkim", .name = "require_safe_keys",
     .target = [](Config& c) -> Target { return &c.dkim.require_safe_keys; },
     .fallback = "true",
     .text = "Do not use a key that others can read: its file belongs to root or to the daemon's user and has mode 0600, "
             "or 0640 with the daemon's group. false: it is used, with a warning; only for secrets that a container "
             "mounts with a mode that cannot be changed."},

    {.section = "dkim.domain", .name = "domain",
     .target = [](Config& c) -> Target { return &c.dkim.domains.back().domain; },
     .fallback = "",
     .text = "The domain that signs, d= of the signature.",
     .check = check_domain, .example = "example.org", .required = true, .key = true},
    {.section = "dkim.domain", .name = "selector",
     .target = [](Config& c) -> Target { return &c.dkim.domains.back().selector; },
     .fallback = "",
     .text = "The selector: the public key stands in the DNS at SELECTOR._domainkey.DOMAIN.",
     .check = check_selector, .example = "mail", .required = true, .key = true},
    {.section = "dkim.domain", .name = "key",
     .target = [](Config& c) -> Target { return &c.dkim.domains.back().key; },
     .fallback = "",
     .text = "The file of the private key (PEM): RSA of 1024 bits or more, better 2048, or Ed25519.",
     .check = check_path, .example = "/etc/postern/example.org.mail.pem", .required = true},
    {.section = "dkim.domain", .name = "subdomains",
     .target = [](Config& c) -> Target { return &c.dkim.domains.back().subdomains; },
     .fallback = "false",
     .text = "Sign mail of the domains below this one, too."},
    {.section = "dkim.domain", .name = "identity",
     .target = [](Config& c) -> Target { return &c.dkim.domains.back().identity; },
     .fallback = "",
     .text = "On whose behalf it signs, i= of the signature: user@domain or @domain, of this domain or one below it. "
             "Empty: nothing is said.",
     .example = "@example.org"},
    {.section = "dkim.domain", .name = "canonicalization",
     .target = [](Config& c) -> Target { return &c.dkim.domains.back().canonicalization; },
     .fallback = "",
     .text = "As dkim.canonicalization, for this key; empty: that.",
     .check = check_canonicalization, .example = "relaxed/relaxed"},
};

} // namespace

std::span<const Setting> dkim_settings()
{
    return dkim_rows;
}

} // namespace postern
