#include "milterd/dkim_verify_filter.h"

#include "milterd/dkim_base64.h"
#include "milterd/dkim_private_key.h"
#include "test/dkim/mail_text.h"
#include "test/dkim/make_key.h"
#include "test/dkim/sign_mail.h"
#include "test/fake/fake_clock.h"
#include "test/fake/fake_resolver.h"
#include "test/io_thread.h"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

// RFC 8463 A.3
constexpr std::string_view rfc8463_mail =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
    " subject : date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
    " d=football.example.com; i=@football.example.com;\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
    " date : message-id : from : subject : date;\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n"
    "From: Joe SixPack <joe@football.example.com>\n"
    "To: Suzie Q <suzie@shopping.example.net>\n"
    "Subject: Is dinner ready?\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
    "\n"
    "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n";

const std::string brisbane_name = "brisbane._domainkey.football.example.com";
const std::string brisbane_key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const std::string test_name = "test._domainkey.football.example.com";
const std::string test_p = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
                           "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZy"
                           "VYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
const std::string test_key = "v=DKIM1; k=rsa; p=" + test_p;

FakeResolver::Zone rfc8463_zone()
{
    return {{{brisbane_name, RrType::txt}, found({brisbane_key})}, {{test_name, RrType::txt}, found({test_key})}};
}

FakeResolver::Zone zone_of(const std::string& name, DnsReply reply)
{
    return {{{name, RrType::txt}, std::move(reply)}};
}

// A filter with its world
struct Verifier {
    explicit Verifier(FakeResolver::Zone zone = rfc8463_zone(), DkimVerifyOptions with = {})
        : resolver(std::move(zone))
        , options(with)
    {
    }

    Findings verify(const MailText& mail, FilterVerdict* verdict = nullptr)
    {
        FilterVerdict got;
        auto findings = judge(mail, got);
        CHECK(got.action == FilterAction::accept); // whatever the outcome, if nobody wants it otherwise
        CHECK(got.edits.empty());
        if (verdict != nullptr)
            *verdict = got;
        return findings;
    }

    Findings judge(const MailText& mail, FilterVerdict& got)
    {
        auto filter = DkimVerifyFilter::create(options, resolver, io.executor(), clock);
        REQUIRE(filter.has_value());
        const auto pass = (*filter)->begin(mail.message);
        REQUIRE(pass != nullptr);
        pass->header_complete(mail.message);
        pass->body(mail.body);
        pass->message_complete(mail.message);
        Findings findings;
        got = pass->verdict(mail.message, findings, std::chrono::steady_clock::now() + 60s);
        return findings;
    }

    // "pass; fail (why)"
    std::string results(std::string_view mail_text)
    {
        std::string text;
        for (const auto& result : verify(read_mail_text(mail_text)).auth_results) {
            CHECK(result.method == "dkim");
            text += (text.empty() ? "" : "; ") + result.result
                + (result.reason.empty() ? "" : " (" + result.reason + ")");
        }
        return text;
    }

    FakeResolver resolver;
    DkimVerifyOptions options;
    FakeClock clock;
    IoThread io;
};

std::string replaced(std::string_view text, std::string_view old, std::string_view with)
{
    std::string changed(text);
    const auto at = changed.find(old);
    REQUIRE(at != changed.npos);
    return changed.replace(at, old.size(), with);
}

std::string without_first_signature(std::string_view mail)
{
    return std::string(mail.substr(mail.find("DKIM-Signature", 1)));
}

} // namespace

TEST_CASE("RFC 8463 A: both signatures of its example")
{
    CHECK(Verifier().results(rfc8463_mail) == "pass; pass");
}

TEST_CASE("RFC 6376 A: the signature of its example")
{
    const auto mail =
        "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\n"
        "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\n"
        "      h=Received : From : To : Subject : Date : Message-ID;\n"
        "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
        "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\n"
        "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\n"
        "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\n"
        "      4bmp/YzhwvcubU4=;\n"
        "Received: from client1.football.example.com  [192.0.2.1]\n"
        "      by submitserver.example.com with SUBMISSION;\n"
        "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\n"
        "From: Joe SixPack <joe@football.example.com>\n"
        "To: Suzie Q <suzie@shopping.example.net>\n"
        "Subject: Is dinner ready?\n"
        "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
        "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
        "\n"
        "Hi.\n\nWe lost the game. Are you hungry yet?\n\nJoe.\n";
    const auto key = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2Sn"
                     "FCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6m"
                     "cwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
    CHECK(Verifier(zone_of("brisbane._domainkey.example.com", found({key}))).results(mail) == "pass");
}

TEST_CASE("the result has the properties of the signature")
{
    FilterVerdict verdict;
    Verifier verifier;
    const auto findings = verifier.verify(read_mail_text(rfc8463_mail), &verdict);
    REQUIRE(findings.auth_results.size() == 2);
    const auto& result = findings.auth_results[1];
    CHECK(result.comment == "1024-bit key");
    std::string properties;
    for (const auto& property : result.properties)
        properties += property.ptype + "." + property.property + "=" + property.value + " ";
    CHECK(properties == "header.d=football.example.com header.i=@football.example.com header.s=test "
                        "header.a=rsa-sha256 header.b=F45dVWDf ");
    CHECK(verdict.reason == "pass football.example.com");
    CHECK(findings.auth_results[0].comment == "256-bit key");
    CHECK(verifier.resolver.asked == std::vector<std::string>{brisbane_name, test_name});
}

TEST_CASE("what the DNS says of the key")
{
    const auto rsa_mail = without_first_signature(rfc8463_mail);
    const auto rsa_der = *decode_base64(test_p);
    const auto rsa_public_key = encode_base64(std::string_view(rsa_der).substr(22)); // without X.509 around it
    struct Case {
        const char* name;
        DnsReply reply;
        const char* want_results;
    };
    const Case cases[] = {
        {"the key", found({test_key}), "pass"},
        {"the key as an RSAPublicKey, as RFC 6376 3.6.1 has it", found({"p=" + rsa_public_key}), "pass"},
        {"a record over 1,024 octets, which libopendkim cuts", found({"n=" + std::string(1500, 'x') + "; p=" + test_p}),
         "pass"},
        {"another record beside it", found({"v=spf1 -all", test_key}), "pass"},
        {"no such name", {DnsStatus::nxdomain, {}, {}}, "permerror (no key)"},
        {"no record", {DnsStatus::nodata, {}, {}}, "permerror (no key)"},
        {"ask again later", {DnsStatus::tempfail, {}, {}}, "temperror (key cannot be looked up now)"},
        {"revoked", found({"v=DKIM1; p="}), "permerror (key revoked)"},
        {"testing", found({"t=y; p=" + test_p}), "pass (the domain is testing)"},
        {"a key of the other type", found({brisbane_key}), "permerror (key is of another type than a=)"},
        {"an Ed25519 key that says it is RSA", found({replaced(brisbane_key, "k=ed25519", "k=rsa")}),
         "permerror (key record: not an RSA key)"},
        {"base64 of nothing sensible", found({"p=AAAA"}), "permerror (key record: not an RSA key)"},
        {"no base64", found({"p=%%%"}), "permerror (key record: p= is not base64)"},
        {"something else", found({"hello"}), "permerror (key record: tag hello has no \"=\")"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(Verifier(zone_of(test_name, c.reply)).results(rsa_mail) == c.want_results);
    }
}

TEST_CASE("an Ed25519 key that is none does no harm")
{
    for (const auto* p : {"", "AA==", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                          "//////////////////////////////////////////8=",
                          "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}) {
        CAPTURE(p);
        const auto zone = zone_of(brisbane_name, found({std::string("k=ed25519; p=") + p}));
        CHECK(Verifier(zone).results(rfc8463_mail).find("pass") == std::string::npos);
    }
}

TEST_CASE("what was changed on the way")
{
    struct Case {
        const char* name;
        const char* old;
        const char* with;
        const char* want_results;
    };
    const Case cases[] = {
        {"nothing that counts when relaxed", "Hi.\n", "Hi. \t\n", "pass; pass"},
        {"folds when relaxed", "Subject: Is dinner", "SUBJECT:\n\tIs  dinner", "pass; pass"},
        {"a field that is not signed", "From: Joe", "X-Other: x\nFrom: Joe", "pass; pass"},
        {"the body", "hungry", "thirsty", "fail (body hash did not verify); fail (body hash did not verify)"},
        {"a signed field", "dinner", "supper", "fail (signature did not verify); fail (signature did not verify)"},
        {"another Subject, which was oversigned", "From: Joe", "Subject: x\nFrom: Joe",
         "fail (signature did not verify); fail (signature did not verify)"},
        {"a second From", "From: Joe", "From: x@evil.example\nFrom: Joe",
         "policy (several From fields); policy (several From fields)"},
        {"a second From below", "To: Suzie", "from: x@evil.example\nTo: Suzie",
         "policy (several From fields); policy (several From fields)"},
        {"no From any more", "From: Joe", "Form: Joe", "permerror (no From field); permerror (no From field)"},
        {"the first signature", "/gCrinpc", "/gCrinpC", "fail (signature did not verify); pass"},
        {"its domain", "d=football", "d=baseball", "permerror (i= is not within d=); pass"},
        {"its identity", "i=@football", "i=@my.football", "fail (signature did not verify); pass"},
        {"its selector", "s=brisbane", "s=sydney", "permerror (no key); pass"},
        {"its algorithm", "ed25519-sha256", "rsa-sha256", "permerror (key is of another type than a=); pass"},
        {"its algorithm, to one that is not accepted any more", "ed25519-sha256", "rsa-sha1",
         "policy (rsa-sha1); pass"},
        {"its time, to the future", "t=1528637909", "t=2528637909", "policy (signed in the future); pass"},
        {"its time, to 1970", "t=1528637909", "t=0", "neutral (signature timestamp in the future); pass"},
        {"an expiry added", "t=1528637909", "t=1528637909; x=1528637910", "policy (signature expired); pass"},
        {"a length added", "t=1528637909", "t=1528637909; l=100000", "permerror (l= exceeds the body); pass"},
        {"From taken out of h=", "h=from", "h=form", "fail (signature did not verify); pass"}, // it is there twice
        {"a tag twice", "s=brisbane", "s=brisbane; s=brisbane", "neutral (tag s stands twice); pass"},
        {"white space where libopendkim hashes wrongly", " b=/gCr", " b =/gCr",
         "neutral (white space before the \"=\" of b=); pass"},
        {"a form feed, which libopendkim takes for white space", "Is dinner", "Is\fdinner",
         "neutral (a control character in subject); neutral (a control character in subject)"},
        {"a form feed where nothing was signed", "From: Joe", "X-Other: \f\nFrom: Joe", "pass; pass"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(Verifier().results(replaced(rfc8463_mail, c.old, c.with)) == c.want_results);
    }
}

TEST_CASE("text cannot be hidden behind a NUL, where libopendkim ends a field")
{
    auto mail = read_mail_text(rfc8463_mail);
    for (auto& field : mail.message.header)
        if (field.name == "Subject")
            field.value += std::string("\0 and more", 10);
    for (const auto& result : Verifier().verify(mail).auth_results) {
        CHECK(result.result == "neutral");
        CHECK(result.reason == "a control character in subject");
    }
}

TEST_CASE("keys that are too short, to the bit (RFC 8301 3.2)")
{
    const auto rsa_mail = without_first_signature(rfc8463_mail);
    DkimVerifyOptions strict;
    strict.minimum_key_bits = 2048;
    CHECK(Verifier(rfc8463_zone(), strict).results(rsa_mail) == "policy (key of 1024 bits is too short)");

    const auto short_key = DkimPrivateKey::parse(make_rsa_pem(1023));
    CHECK(!short_key.has_value()); // we do not even sign with it
    const auto der =
        std::string("\x30\x81\x87\x02\x81\x80\x7f", 7) + std::string(127, '\xff') + "\x02\x02\x01\x01";
    CHECK(Verifier(zone_of(test_name, found({"p=" + encode_base64(der)}))).results(rsa_mail)
          == "policy (key of 1023 bits is too short)");
}

TEST_CASE("no signature is \"none\", and nothing is asked")
{
    Verifier verifier;
    FilterVerdict verdict;
    const auto findings = verifier.verify(read_mail_text("From: a@example.org\n\nHi.\n"), &verdict);
    REQUIRE(findings.auth_results.size() == 1);
    CHECK(findings.auth_results[0].result == "none");
    CHECK(findings.auth_results[0].properties.empty());
    CHECK(verdict.reason == "none");
    CHECK(verifier.resolver.lookups == 0);
}

TEST_CASE("signatures above the cap are counted, but not looked at")
{
    std::string mail(rfc8463_mail);
    for (int i = 0; i < 100; ++i)
        mail = "DKIM-Signature: v=1; a=rsa-sha256; d=d" + std::to_string(i)
            + ".example; s=s; h=from; bh=YQ==; b=YQ==\n" + mail;
    DkimVerifyOptions options;
    options.max_signatures = 3;
    Verifier verifier({}, options);
    CHECK(verifier.results(mail)
          == "permerror (no key); permerror (no key); permerror (no key); "
             "neutral (99 more signatures were not looked at)");
    CHECK(verifier.resolver.lookups == 3);
}

TEST_CASE("signatures that are no use cost no question")
{
    Verifier verifier;
    const auto mail = replaced(replaced(rfc8463_mail, "v=1", "v=2"), "a=rsa-sha256", "a=rsa-sha1");
    CHECK(verifier.results(mail) == "neutral (v= is not 1); policy (rsa-sha1)");
    CHECK(verifier.resolver.lookups == 0);
}

TEST_CASE("a signature that covers other signatures")
{
    // Signed by us, with h=DKIM-Signature, which dkim_sign never does: so the hashes are made here
    const auto covering = [](std::string_view rest) {
        return "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=list.example; s=s; h=from:dkim-signature;\n"
               " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=YQ==\n"
            + std::string(rest);
    };
    SUBCASE("is evaluated with them")
    {
        CHECK(Verifier().results(covering(rfc8463_mail)) == "permerror (no key); pass; pass");
    }
    SUBCASE("is not, if one of those it covers is not")
    {
        const auto broken = replaced(rfc8463_mail, "s=test", "s=test; s=test");
        CHECK(Verifier().results(covering(broken))
              == "neutral (it covers a signature that is not evaluated); pass; neutral (tag s stands twice)");
    }
    SUBCASE("is, if the one that is not evaluated is not covered")
    {
        const auto broken = replaced(rfc8463_mail, "s=brisbane", "s=brisbane; s=brisbane");
        CHECK(Verifier().results(covering(broken)) == "permerror (no key); neutral (tag s stands twice); pass");
    }
    SUBCASE("takes another one with it")
    {
        const auto broken = replaced(rfc8463_mail, "s=test", "s=test; s=test");
        const auto twice = replaced(covering(covering(broken)), "h=from:dkim-signature",
                                    "h=from:dkim-signature:dkim-signature:dkim-signature");
        CHECK(Verifier().results(twice)
              == "neutral (it covers a signature that is not evaluated); "
                 "neutral (it covers a signature that is not evaluated); pass; neutral (tag s stands twice)");
    }
}

TEST_CASE("h= may name more than there is, where libopendkim writes behind an array")
{
    const auto mail = "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=dkim-signature:from:from:x:from;\n"
                      " bh=YQ==; b=YQ==\nFrom: a@a.example\n\nHi.\n";
    CHECK(Verifier().results(mail) == "permerror (no key)");
}

namespace {

// Its key stands at brisbane_name.
std::string sign(const std::string& tags, std::string_view mail)
{
    return sign_mail("d=football.example.com; s=brisbane; " + tags, mail);
}

constexpr std::string_view plain_mail = "From: joe@football.example.com\nSubject: one\n\nHi.\n\nJoe.\n"; // a body of 13

} // namespace

TEST_CASE("a body of which l= covers a part (RFC 6376 8.2)")
{
    struct Case {
        const char* name;
        const char* length;
        int minimum;
        std::string want_results;
    };
    const Case cases[] = {
        {"no l=", "", 100, "pass"},
        {"all of it", "; l=13", 100, "pass"},
        {"a part, told", "; l=5", 0, "pass (only the first 5 of 13 octets of the body are signed)"},
        {"nothing", "; l=0", 0, "pass (only the first 0 of 13 octets of the body are signed)"},
        {"too small a part", "; l=5", 39, "policy (only the first 5 of 13 octets of the body are signed)"},
        {"a part just large enough", "; l=5", 38, "pass (only the first 5 of 13 octets of the body are signed)"},
        {"all but one octet", "; l=12", 100, "policy (only the first 12 of 13 octets of the body are signed)"},
    };
    for (const auto& c : cases) {
        for (const std::string canonicalization : {"simple/simple", "relaxed/relaxed"}) {
            CAPTURE(c.name);
            CAPTURE(canonicalization);
            DkimVerifyOptions options;
            options.minimum_signed_body = c.minimum;
            const auto mail = sign("c=" + canonicalization + "; h=from" + c.length, plain_mail);
            CHECK(Verifier(rfc8463_zone(), options).results(mail) == c.want_results);
        }
    }
}

TEST_CASE("what is appended to a mail shows, where l= lets it verify")
{
    const auto mail = sign("c=relaxed/relaxed; h=from; l=13", plain_mail) + "Buy now!\n";
    CHECK(Verifier().results(mail) == "pass (only the first 13 of 23 octets of the body are signed)");
    DkimVerifyOptions options;
    options.minimum_signed_body = 100;
    CHECK(Verifier(rfc8463_zone(), options).results(mail)
          == "policy (only the first 13 of 23 octets of the body are signed)");
}

TEST_CASE("each signature is held against its own part of the body")
{
    std::string mail(plain_mail);
    for (const std::string tags : {"c=simple/simple; h=from", "c=relaxed/relaxed; h=from", "c=simple/relaxed; h=from; l=5",
                                   "c=relaxed/simple; h=from; l=13", "c=simple/simple; h=from; l=14"})
        mail = sign(tags, mail); // each above the one before
    const std::string too_long = "permerror (l= exceeds the body)";
    const std::string changed = "fail (body hash did not verify)";
    const auto first = [](int octets, int of) {
        return "pass (only the first " + std::to_string(octets) + " of " + std::to_string(of)
            + " octets of the body are signed)";
    };
    struct Case {
        const char* name;
        const char* old;
        const char* with;
        std::string want_results;
    };
    const Case cases[] = {
        {"as signed", "Joe.", "Joe.", too_long + "; pass; " + first(5, 13) + "; pass; pass"},
        {"empty lines behind it", "Joe.\n", "Joe.\n\n\n", too_long + "; pass; " + first(5, 13) + "; pass; pass"},
        {"a blank behind a word", "Joe.", "Joe. ", changed + "; " + changed + "; " + first(5, 13) + "; pass; " + changed},
        {"a blank line behind it", "Joe.\n", "Joe.\n \n", changed + "; " + first(13, 16) + "; " + first(5, 13) + "; pass; "
             + changed},
        {"more behind it", "Joe.\n", "Joe.\nx\n", changed + "; " + first(13, 16) + "; " + first(5, 16) + "; " + changed
             + "; " + changed},
        {"less of it", "Joe.\n", "", too_long + "; " + too_long + "; pass; " + changed + "; " + changed},
        {"no body", "Hi.\n\nJoe.\n", "", too_long + "; " + too_long + "; " + too_long + "; " + changed + "; " + changed},
        {"its first octet", "Hi.", "hi.", too_long + "; " + changed + "; " + changed + "; " + changed + "; " + changed},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(Verifier().results(replaced(mail, c.old, c.with)) == c.want_results);
    }
}

TEST_CASE("bh= of something else than the body")
{
    const std::string tags = "c=simple/simple; h=from";
    const auto bh_of = [](const std::string& mail) {
        return encode_base64(parse_dkim_signature(read_mail_text(mail).message.header.at(0).value).body_hash);
    };
    const auto mail = sign(tags, plain_mail);
    const auto whole = bh_of(mail);
    const auto part = sign(tags + "; l=5", plain_mail);
    const auto nothing = bh_of(sign(tags + "; l=0", plain_mail));
    const std::string changed = "fail (body hash did not verify)";
    CHECK(Verifier().results(replaced(mail, whole, nothing)) == changed);
    CHECK(Verifier().results(replaced(mail, whole, bh_of(part))) == changed);
    CHECK(Verifier().results(replaced(part, bh_of(part), whole)) == changed);
    CHECK(Verifier().results(replaced(mail, whole, "AAAA" + whole)) == changed);
    CHECK(Verifier().results(replaced(mail, whole, whole.substr(0, 40))) == changed);
    CHECK(Verifier().results(replaced(mail, "bh=" + whole, "bh=")).find("pass") == std::string::npos);
    CHECK(Verifier().results(replaced(mail, "bh=" + whole + "; ", "")).find("pass") == std::string::npos);
    CHECK(Verifier().results(replaced(mail, "c=simple/simple", "c=simple/relaxed"))
          == "fail (signature did not verify)"); // the body is the same either way, what was signed is not
    CHECK(Verifier().results(replaced(mail, "; bh=", "; l=13; bh=")) == "fail (signature did not verify)");
    CHECK(Verifier().results(replaced(mail, "; bh=", "; l=0; bh=")) == changed);

    const auto twice = mail.substr(0, mail.find("From:")) + mail;
    CHECK(Verifier().results(twice) == "pass; pass");
    CHECK(Verifier().results(replaced(twice, "Joe.\n", "Joe!\n")) == changed + "; " + changed);
}

TEST_CASE("fields that must be signed")
{
    DkimVerifyOptions options;
    options.must_be_signed = {"subject", "reply-to"};
    CHECK(Verifier(rfc8463_zone(), options).results(sign("h=from:subject", plain_mail)) == "pass");
    Verifier strict(rfc8463_zone(), options);
    CHECK(strict.results(sign("h=from", plain_mail)) == "policy (subject is not signed)");
    CHECK(strict.resolver.lookups == 0); // its key is of no use
}

TEST_CASE("an outcome does to a stranger's mail what the operator says")
{
    struct Case {
        const char* name;
        std::string mail;
        FakeResolver::Zone zone;
        FilterAction DkimActions::* action;
        const char* want_reason;
    };
    const auto temporary = zone_of(brisbane_name, {DnsStatus::tempfail, {}, {}});
    const std::string unsigned_mail = "From: a@example.org\n\nHi.\n";
    const Case cases[] = {
        {"fail", replaced(rfc8463_mail, "hungry", "thirsty"), rfc8463_zone(), &DkimActions::bad_signature,
         "fail football.example.com (body hash did not verify)"},
        {"no key", std::string(rfc8463_mail), {}, &DkimActions::key_not_found,
         "permerror football.example.com (no key)"},
        {"DNS", std::string(rfc8463_mail), temporary, &DkimActions::dns_error,
         "temperror football.example.com (key cannot be looked up now)"},
        {"the trouble that may pass counts, wherever it stands", std::string(rfc8463_mail),
         zone_of(test_name, {DnsStatus::tempfail, {}, {}}), &DkimActions::dns_error,
         "temperror football.example.com (key cannot be looked up now)"},
        {"none", unsigned_mail, {}, &DkimActions::no_signature, "none"},
        {"two From", replaced(rfc8463_mail, "To:", "From: x@evil.example\nTo:"), rfc8463_zone(),
         &DkimActions::security, "policy football.example.com (several From fields)"},
        {"syntax", "DKIM-Signature: v=1; d=a.example\n" + unsigned_mail, {}, &DkimActions::signature_error,
         "neutral a.example (no a=)"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        DkimVerifyOptions options;
        options.actions.*c.action = FilterAction::reject;
        FilterVerdict verdict;
        auto mail = read_mail_text(c.mail);
        Verifier(c.zone, options).judge(mail, verdict);
        CHECK(verdict.action == FilterAction::reject);
        CHECK(verdict.reason == c.want_reason);
        CHECK_FALSE(verdict.text.empty());

        mail.message.origin = Origin::relay; // is not ours to refuse
        Verifier(c.zone, options).judge(mail, verdict);
        CHECK(verdict.action == FilterAction::accept);
        CHECK(verdict.reason == c.want_reason);
    }
}

TEST_CASE("one signature that passes is enough")
{
    DkimVerifyOptions options;
    options.actions = {FilterAction::reject, FilterAction::reject, FilterAction::reject, FilterAction::reject,
                       FilterAction::reject, FilterAction::reject, FilterAction::reject};
    FilterVerdict verdict;
    Verifier(zone_of(test_name, found({test_key})), options).judge(read_mail_text(rfc8463_mail), verdict);
    CHECK(verdict.action == FilterAction::accept);
    CHECK(verdict.reason == "pass football.example.com");
}

TEST_CASE("what DMARC is told")
{
    const auto findings = Verifier(zone_of(test_name, {DnsStatus::tempfail, {}, {}})).verify(read_mail_text(rfc8463_mail));
    REQUIRE(findings.identifiers.size() == 2);
    CHECK(findings.identifiers[0].method == Identifier::Method::dkim);
    CHECK(findings.identifiers[0].domain == "football.example.com");
    CHECK(findings.identifiers[0].outcome == Identifier::Outcome::other);
    CHECK(findings.identifiers[1].outcome == Identifier::Outcome::temperror);
    CHECK(Verifier().verify(read_mail_text(rfc8463_mail)).identifiers[0].outcome == Identifier::Outcome::pass);
}

TEST_CASE("our own mail is not judged; that of a relay is")
{
    Verifier verifier;
    const auto filter = DkimVerifyFilter::create({}, verifier.resolver, verifier.io.executor(), verifier.clock);
    REQUIRE(filter.has_value());
    Message message;
    message.origin = Origin::ours;
    CHECK((*filter)->begin(message) == nullptr);
    message.origin = Origin::relay;
    CHECK((*filter)->begin(message) != nullptr);
    message.origin = Origin::stranger;
    CHECK((*filter)->begin(message) != nullptr);
}

namespace {

class SilentResolver final : public Resolver {
public:
    asio::awaitable<DnsReply> lookup(std::string, RrType, Deadline deadline) override
    {
        asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
        co_await timer.async_wait(asio::use_awaitable);
        co_return DnsReply{};
    }
};

} // namespace

TEST_CASE("a DNS that says nothing costs no more than the deadline, and is temperror")
{
    SilentResolver resolver;
    IoThread io;
    const FakeClock clock;
    const auto filter = DkimVerifyFilter::create({}, resolver, io.executor(), clock);
    REQUIRE(filter.has_value());
    const auto mail = read_mail_text(rfc8463_mail);
    const auto pass = (*filter)->begin(mail.message);
    pass->header_complete(mail.message);
    pass->body(mail.body);
    Findings findings;
    const auto start = std::chrono::steady_clock::now();
    const auto verdict = pass->verdict(mail.message, findings, start + 50ms);
    CHECK(std::chrono::steady_clock::now() - start < 20s);
    CHECK(verdict.action == FilterAction::accept);
    CHECK(verdict.reason == "temperror football.example.com (key cannot be looked up now)");
    REQUIRE(findings.auth_results.size() == 2);
    CHECK(findings.auth_results[0].result == "temperror");
    CHECK(findings.auth_results[1].result == "temperror");
}

TEST_CASE("a message that is aborted, and a filter that is replaced under way")
{
    Verifier verifier;
    auto filter = DkimVerifyFilter::create({}, verifier.resolver, verifier.io.executor(), verifier.clock);
    REQUIRE(filter.has_value());
    const auto mail = read_mail_text(rfc8463_mail);
    {
        const auto aborted = (*filter)->begin(mail.message);
        aborted->header_complete(mail.message);
        aborted->body(mail.body);
    }
    const auto pass = (*filter)->begin(mail.message);
    filter->reset();
    pass->header_complete(mail.message);
    pass->body(mail.body);
    Findings findings;
    pass->verdict(mail.message, findings, std::chrono::steady_clock::now() + 60s);
    CHECK(findings.auth_results.at(0).result == "pass");
}

} // namespace postern
