#include "milterd/dmarc_record.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace postern {
namespace {

// "p=reject sp=none adkim=s", or the fault
std::string text_of(const std::optional<DmarcRecord>& record)
{
    if (!record)
        return "no record";
    if (!record->fault.empty())
        return record->fault;
    auto text = fmt::format("p={}", dmarc_policy_name(record->policy));
    if (record->subdomain_policy)
        text += fmt::format(" sp={}", dmarc_policy_name(*record->subdomain_policy));
    if (record->nonexistent_policy)
        text += fmt::format(" np={}", dmarc_policy_name(*record->nonexistent_policy));
    text += record->is_dkim_strict ? " adkim=s" : "";
    text += record->is_spf_strict ? " aspf=s" : "";
    text += record->is_testing ? " t=y" : "";
    text += record->psd == DmarcRecord::Psd::yes ? " psd=y" : record->psd == DmarcRecord::Psd::no ? " psd=n" : "";
    return text;
}

} // namespace

TEST_CASE("parse_dmarc_record (RFC 9989 4.7, 4.8)")
{
    struct Case {
        const char* name;
        std::string text;
        const char* want;
    };
    const Case cases[] = {
        {"the least", "v=DMARC1; p=none", "p=none"},
        {"without blanks", "v=DMARC1;p=reject;sp=quarantine;np=none", "p=reject sp=quarantine np=none"},
        {"with many", "v = DMARC1 \t;\t p\t=  reject  ; ; adkim = s ;", "p=reject adkim=s"},
        {"all that is read", "v=DMARC1; p=reject; sp=none; np=reject; adkim=s; aspf=s; t=y; psd=n; rua=mailto:a@b",
         "p=reject sp=none np=reject adkim=s aspf=s t=y psd=n"},
        {"in any order", "v=DMARC1; psd=y; aspf=s; p=none", "p=none aspf=s psd=y"},
        {"names and words without regard to case", "V=DMARC1; P=Reject; ADKIM=S; T=Y", "p=reject adkim=s t=y"},
        {"the version with regard to case", "v=dmarc1; p=none", "no record"},
        {"another version", "v=DMARC2; p=none", "no record"},
        {"a version that goes on", "v=DMARC10; p=none", "no record"},
        {"the version not in front", "p=none; v=DMARC1", "no record"},
        {"a blank in front", " v=DMARC1; p=none", "no record"},
        {"a quote in front", "\"v=DMARC1; p=none\"", "no record"},
        {"something else", "v=spf1 -all", "no record"},
        {"empty", "", "no record"},
        {"a semicolon", ";", "no record"},
        {"unknown tags, and those of RFC 7489 that are gone", "v=DMARC1; p=reject; pct=0; rf=afrf; ri=1; x=y",
         "p=reject"},
        {"defaults in the place of errors", "v=DMARC1; p=reject; adkim=strict; aspf=; t=yes; psd=maybe", "p=reject"},
        {"what is no tag", "v=DMARC1; p=reject; hello; =x; a b=c; \xc3\xa9=1; adkim=s", "p=reject adkim=s"},
        {"a tag twice: the first", "v=DMARC1; p=reject; p=none; t=n; t=y", "p=reject"},
        {"no policy", "v=DMARC1", "p= is no policy"},
        {"no policy, but an address for reports", "v=DMARC1; rua=mailto:d@example.org", "p=none"},
        {"a policy that is none", "v=DMARC1; p=block", "p= is no policy"},
        {"likewise, with an address", "v=DMARC1; p=block; rua=x, mailto:d@example.org; sp=reject", "p=none"},
        {"a subdomain policy that is none", "v=DMARC1; p=reject; sp=block", "sp= or np= is no policy"},
        {"likewise, with an address", "v=DMARC1; p=reject; np=block; rua=mailto:d@example.org!10m", "p=none"},
        {"an address that is no URI", "v=DMARC1; p=block; rua=d@example.org", "p= is no policy"},
        {"a control character in a value", "v=DMARC1; p=reje\nct", "p= is no policy"},
        {"a NUL", std::string("v=DMARC1\0; p=none", 17), "no record"},
        {"too long", "v=DMARC1; p=none; " + std::string(8192, 'x'), "no record"},

        // RFC 9989 B.2
        {"B.2.1", "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com", "p=none"},
        {"B.2.2",
         "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@example.com", "p=none"},
        {"B.2.3, to whom reports go", "v=DMARC1;", "p= is no policy"},
        {"B.2.5",
         "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net; t=y",
         "p=quarantine t=y"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(text_of(parse_dmarc_record(c.text)) == c.want);
    }
}

} // namespace postern
