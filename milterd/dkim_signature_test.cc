#include "milterd/dkim_signature.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

// A signature whose `tag` is replaced, left out ("") or added
std::string signature_with(std::string_view name, std::string_view tag)
{
    constexpr std::pair<std::string_view, std::string_view> tags[] = {
        {"v", "v=1"}, {"a", "a=rsa-sha256"}, {"c", "c=relaxed/simple"}, {"d", "d=example.org"}, {"s", "s=sel"},
        {"h", "h=from:to"}, {"bh", "bh=Ym9keQ=="}, {"b", "b=c2ln"},
    };
    std::string text;
    bool is_placed = false;
    const auto add = [&text](std::string_view one) {
        if (!one.empty())
            text.append(text.empty() ? " " : "; ").append(one);
    };
    for (const auto& [known, value] : tags) {
        add(known == name ? tag : value);
        is_placed = is_placed || known == name;
    }
    if (!is_placed)
        add(tag);
    return text;
}

} // namespace

TEST_CASE("parse_dkim_signature reads every tag")
{
    // RFC 6376 3.5, its example, with folds as a mail has them
    const auto signature = parse_dkim_signature(
        " v=1; a=rsa-sha256; d=Example.NET; s=Brisbane;\n"
        "\tc=simple; q=dns/txt; i=@Eng.example.net;\n"
        "\tt=1117574938; x=1118006938; l=17;\n"
        "\th=from:to:subject :\n\t Date:from;\n"
        "\tz=From:foo@eng.example.net|To:joe@example.com|\n\t Subject:demo=20run;\n"
        "\tbh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=;\n"
        "\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZ\n\t VoG4ZHRNiYzR");
    CHECK(signature.fault == "");
    CHECK(signature.algorithm == DkimAlgorithm::rsa_sha256);
    CHECK(signature.algorithm_text == "rsa-sha256");
    CHECK(signature.header_canonicalization == DkimCanonicalization::simple);
    CHECK(signature.body_canonicalization == DkimCanonicalization::simple);
    CHECK(signature.signing_domain == "example.net");
    CHECK(signature.selector == "brisbane");
    CHECK(signature.identity == "@Eng.example.net");
    CHECK(signature.identity_domain == "eng.example.net");
    CHECK(signature.signed_fields == std::vector<std::string>{"from", "to", "subject", "date", "from"});
    CHECK(signature.signed_at == 1117574938);
    CHECK(signature.expires_at == 1118006938);
    CHECK(signature.body_length == 17);
    CHECK(signature.body_hash == "12345678901234567890123456789012");
    CHECK(signature.signature_text == "dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR");
    CHECK(signature.signature.size() == 48);
    CHECK(signature.signs("subject"));
    CHECK(!signature.signs("cc"));
    CHECK(signature.key_name() == "brisbane._domainkey.example.net");
}

TEST_CASE("parse_dkim_signature: defaults")
{
    const auto signature = parse_dkim_signature(signature_with("c", ""));
    CHECK(signature.fault == "");
    CHECK(signature.header_canonicalization == DkimCanonicalization::simple);
    CHECK(signature.body_canonicalization == DkimCanonicalization::simple);
    CHECK(signature.identity == "@example.org");
    CHECK(signature.identity_domain == "example.org");
    CHECK(!signature.body_length);
    CHECK(!signature.signed_at);
    CHECK(!signature.expires_at);
}

TEST_CASE("parse_dkim_signature: each tag, good and bad")
{
    struct Case {
        const char* name;
        const char* tag;
        std::string_view text;
        const char* want_fault; // "": none
    };
    const Case cases[] = {
        {"version missing", "v", "", "no v="},
        {"version of a draft", "v", "v=0.5", "v= is not 1"},
        {"version to come", "v", "v=2", "v= is not 1"},
        {"no algorithm", "a", "", "no a="},
        {"Ed25519", "a", "a=ed25519-sha256", ""},
        {"rsa-sha1 is understood", "a", "a=rsa-sha1", ""},
        {"algorithm in capitals", "a", "a=RSA-SHA256", ""},
        {"unknown algorithm", "a", "a=rsa-sha512", "a= is an algorithm that is not known here"},
        {"canonicalization of the header alone", "c", "c=relaxed", ""},
        {"unknown canonicalization", "c", "c=nowsp", "c= is a canonicalization that is not known here"},
        {"unknown canonicalization of the body", "c", "c=simple/", "c= is a canonicalization that is not known here"},
        {"no domain", "d", "", "no d="},
        {"empty domain", "d", "d=", "d= is not a domain name"},
        {"a top level domain", "d", "d=org", "d= is not a domain name"},
        {"domain with a last dot", "d", "d=example.org.", "d= is not a domain name"},
        {"domain with two dots", "d", "d=example..org", "d= is not a domain name"},
        {"domain with a blank, which libopendkim takes out", "d", "d=example .org", "d= is not a domain name"},
        {"domain with a slash", "d", "d=example.org/x", "d= is not a domain name"},
        {"no selector", "s", "", "no s="},
        {"selector of two labels", "s", "s=a.b", ""},
        {"selector with an underscore", "s", "s=a_b", ""},
        {"selector with an at sign", "s", "s=a@b", "s= is not a selector"},
        {"empty h=", "h", "h=", "h= is not a list of field names"},
        {"empty name in h=", "h", "h=from::to", "h= is not a list of field names"},
        {"h= with a blank in a name, which libopendkim takes out", "h", "h=fr om", "h= is not a list of field names"},
        {"no body hash", "bh", "", "no bh="},
        {"empty body hash", "bh", "bh=", "bh= is not base64"},
        {"body hash that is no base64", "bh", "bh=a", "bh= is not base64"},
        {"no signature", "b", "", "no b="},
        {"empty signature", "b", "b=", "b= is not base64"},
        {"signature that is no base64", "b", "b=c2l!", "b= is not base64"},
        {"identity without a domain", "i", "i=joe", "i= is not an identity"},
        {"identity with a quoted at sign", "i", "i=\"a@b\"@example.org", ""},
        {"identity in quoted-printable", "i", "i=joe=2Edoe=3B@example.org", ""},
        {"identity that is cut off, where libopendkim reads on", "i", "i=joe@example.org=", "i= is not an identity"},
        {"identity that is cut off later", "i", "i=joe@example.org=4", "i= is not an identity"},
        {"identity with a digit that is none", "i", "i=joe=2g@example.org", "i= is not an identity"},
        {"query by another way as well", "q", "q=http/txt : DNS/txt", ""},
        {"query by another way only", "q", "q=http/txt", "q= does not have dns/txt"},
        {"length", "l", "l=0", ""},
        {"length without digits, which libopendkim takes for 0", "l", "l=", "l= is not a number"},
        {"length with a sign", "l", "l=+5", "l= is not a number"},
        {"negative length", "l", "l=-1", "l= is not a number"},
        {"length that libopendkim takes for none", "l", "l=18446744073709551614", "l= is too large"},
        {"length beyond 64 bits", "l", "l=99999999999999999999999", "l= is too large"},
        {"time that is none", "t", "t=now", "t= is not a number"},
        {"expiry that is none", "x", "x=1x", "x= is not a number"},
        {"unknown tag", "k", "k=v", ""},
        {"white space before the = of b=, which libopendkim does not empty", "b", "b =c2ln",
         "white space before the \"=\" of b="},
        {"a fold before the = of b=", "b", "b\n\t=c2ln", "white space before the \"=\" of b="},
        {"white space after the = of b=", "b", "b= \n\tc2ln", ""},
        {"white space before the = of bh=", "bh", "bh =Ym9keQ==", ""},
        {"a tag that libopendkim empties with b=", "zb", "zb=x", "tag zb cannot be told from b="},
        {"a tag that libopendkim takes for bh=", "bH", "bH=x", "tag bH cannot be told from bh="},
        {"a tag that is none of ours, as case counts", "D", "D=evil.example", ""},
        {"a tag that begins with b", "bz", "bz=x", ""},
        {"not a tag list", "k", "k", "tag k has no \"=\""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(parse_dkim_signature(signature_with(c.tag, c.text)).fault == c.want_fault);
    }
}

TEST_CASE("parse_dkim_signature reads what a report needs, whatever the fault")
{
    const auto signature = parse_dkim_signature(signature_with("h", "h=:"));
    CHECK(signature.fault != "");
    CHECK(signature.signing_domain == "example.org");
    CHECK(signature.selector == "sel");
    CHECK(signature.algorithm_text == "rsa-sha256");
    CHECK(signature.signature_text == "c2ln");
}

TEST_CASE("parse_dkim_signature is bounded")
{
    // libopendkim cuts h= at 4,096 octets and would hash fewer fields than were signed
    std::string names = "h=from";
    for (int i = 0; i < 199; ++i)
        names += ":x" + std::to_string(i);
    CHECK(parse_dkim_signature(signature_with("h", names)).fault == "");
    CHECK(parse_dkim_signature(signature_with("h", names + ":to")).fault == "h= names more than 200 fields");
    CHECK(parse_dkim_signature(signature_with("h", "h=from:" + std::string(4000, 'x'))).fault
          == "h= is longer than 4000 octets");
    // libopendkim has 257 octets for it and forgets to end them
    const auto identity_of = [](std::size_t size) { return "i=" + std::string(size - 12, 'x') + "@example.org"; };
    CHECK(parse_dkim_signature(signature_with("i", identity_of(255))).fault == "");
    CHECK(parse_dkim_signature(signature_with("i", identity_of(256))).fault == "i= is not an identity");
    const auto padded = signature_with("k", "k=" + std::string(dkim_signature_limit, 'x'));
    CHECK(parse_dkim_signature(padded).fault == "longer than 16384 octets");
}

} // namespace postern
