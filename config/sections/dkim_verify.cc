#include "config/checkers.h"
#include "config/sections/sections.h"

namespace postern {
namespace {

constexpr Setting dkim_verify_rows[] = {
    {.section = "dkim_verify", .name = "observe",
     .target = [](Config& c) -> Target { return &c.dkim_verify.observe; },
     .fallback = "false",
     .text = "Decide, log and count, but refuse nothing and write nothing into Authentication-Results. DMARC goes by "
             "what was found all the same."},
    {.section = "dkim_verify", .name = "max_signatures",
     .target = [](Config& c) -> Target { return &c.dkim_verify.max_signatures; },
     .fallback = "5",
     .text = "How many signatures of one mail are verified, from the top; each costs a DNS question.",
     .low = "1", .high = "50"},
    {.section = "dkim_verify", .name = "minimum_key_bits",
     .target = [](Config& c) -> Target { return &c.dkim_verify.minimum_key_bits; },
     .fallback = "1024",
     .text = "A signature by a smaller RSA key does not pass (RFC 8301).",
     .low = "1024", .high = "4096"},
    {.section = "dkim_verify", .name = "clock_drift",
     .target = [](Config& c) -> Target { return &c.dkim_verify.clock_drift; },
     .fallback = "5m",
     .text = "How far the signer's clock may be ahead of ours.",
     .low = "0s", .high = "1d"},
    {.section = "dkim_verify", .name = "minimum_signed_body",
     .target = [](Config& c) -> Target { return &c.dkim_verify.minimum_signed_body; },
     .fallback = "0",
     .text = "How many per cent of the body a signature must cover that names a length (l=); below, it does not "
             "pass. 100 trusts none that anything can be appended to. What is not covered is named in "
             "Authentication-Results in any case.",
     .low = "0", .high = "100"},
    {.section = "dkim_verify", .name = "must_be_signed",
     .target = [](Config& c) -> Target { return &c.dkim_verify.must_be_signed; },
     .fallback = "",
     .text = "Header fields that a signature must cover if the mail has them, or it does not pass. From always is "
             "one.",
     .check = check_field_name},
    {.section = "dkim_verify", .name = "default_action",
     .target = [](Config& c) -> Target { return &c.dkim_verify.default_action; },
     .fallback = "accept",
     .text = "What becomes of a stranger's mail of which no signature passes, where the settings below say default. A "
             "mail of which one passes is always accepted. accept leaves it to whoever reads Authentication-Results; "
             "reject is 550 5.7.20 (RFC 7372), defer 451 4.7.20; discard loses mail without a word to anybody, and "
             "quarantine is Postfix's hold queue. Mailing lists break good signatures, so that RFC 6376 advises "
             "against refusing. If a signature may yet be found good, its trouble decides, else the first one's."},
    {.section = "dkim_verify", .name = "bad_signature",
     .target = [](Config& c) -> Target { return &c.dkim_verify.bad_signature; },
     .fallback = "default",
     .text = "The mail is not what was signed (fail)."},
    {.section = "dkim_verify", .name = "signature_error",
     .target = [](Config& c) -> Target { return &c.dkim_verify.signature_error; },
     .fallback = "default",
     .text = "The signature has an error, or cannot be evaluated (neutral, permerror)."},
    {.section = "dkim_verify", .name = "key_not_found",
     .target = [](Config& c) -> Target { return &c.dkim_verify.key_not_found; },
     .fallback = "default",
     .text = "There is no key, or it is revoked or broken (permerror)."},
    {.section = "dkim_verify", .name = "security",
     .target = [](Config& c) -> Target { return &c.dkim_verify.security; },
     .fallback = "default",
     .text = "The signature is well made but not acceptable (policy): rsa-sha1, a short key, expired, fields or too "
             "much of the body not covered, several From fields. reject is 550 5.7.21 then."},
    {.section = "dkim_verify", .name = "no_signature",
     .target = [](Config& c) -> Target { return &c.dkim_verify.no_signature; },
     .fallback = "default",
     .text = "There is no signature (none)."},
    {.section = "dkim_verify", .name = "dns_error",
     .target = [](Config& c) -> Target { return &c.dkim_verify.dns_error; },
     .fallback = "default",
     .text = "The DNS does not say what the key is (temperror). defer is 451 4.7.5 then."},
    {.section = "dkim_verify", .name = "internal_error",
     .target = [](Config& c) -> Target { return &c.dkim_verify.internal_error; },
     .fallback = "default",
     .text = "We cannot evaluate it, for lack of memory or the like (temperror)."},
};

} // namespace

std::span<const Setting> dkim_verify_settings()
{
    return dkim_verify_rows;
}

} // namespace postern
