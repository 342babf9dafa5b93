#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr std::string_view canonicalizations[] = {"simple/simple", "simple/relaxed", "relaxed/simple",
                                                  "relaxed/relaxed"};

constexpr Setting table[] = {
    {.section = "dkim", .name = "verify",
     .target = [](Config& c) -> Target { return &c.dkim.verify; },
     .fallback = "true",
     .text = "Verify the signatures of strangers' mail."},
    {.section = "dkim", .name = "sign",
     .target = [](Config& c) -> Target { return &c.dkim.sign; },
     .fallback = "true",
     .text = "Sign mail of our own whose domain has a key below. It never leaves unsigned: if the key cannot be used, "
             "the mail is deferred."},
    {.section = "dkim", .name = "max_signatures",
     .target = [](Config& c) -> Target { return &c.dkim.max_signatures; },
     .fallback = "5",
     .text = "How many signatures of one mail are verified, from the top; each costs a DNS question.",
     .low = "1", .high = "50"},
    {.section = "dkim", .name = "minimum_key_bits",
     .target = [](Config& c) -> Target { return &c.dkim.minimum_key_bits; },
     .fallback = "1024",
     .text = "A signature by a smaller RSA key does not pass (RFC 8301).",
     .low = "1024", .high = "4096"},
    {.section = "dkim", .name = "clock_drift",
     .target = [](Config& c) -> Target { return &c.dkim.clock_drift; },
     .fallback = "5m",
     .text = "How far the signer's clock may be ahead of ours.",
     .low = "0s", .high = "1d"},
    {.section = "dkim", .name = "canonicalization",
     .target = [](Config& c) -> Target { return &c.dkim.canonicalization; },
     .fallback = "relaxed/simple",
     .text = "Of header and body, when we sign: relaxed survives changes of white space on the way.",
     .words = canonicalizations},
    {.section = "dkim", .name = "oversign",
     .target = [](Config& c) -> Target { return &c.dkim.oversign; },
     .fallback = "From",
     .text = "Header fields that nobody may add once more without breaking our signature.",
     .check = check_field_name},
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
};

} // namespace

std::span<const Setting> dkim_settings()
{
    return table;
}

} // namespace postern
