#include "milterd/dkim_sign_filter.h"

#include "milterd/dkim_signature.h"
#include "milterd/dkim_verify_filter.h"
#include "test/dkim/mail_text.h"
#include "test/dkim/make_key.h"
#include "test/fake/fake_clock.h"
#include "test/fake/fake_resolver.h"
#include "test/io_thread.h"
#include "test/scratch_folder.h"

#include <atomic>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <thread>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view mail_text = "Received: from a\nFrom: Joe <joe@example.org>\nTo: ann@example.net\n"
                                       "Subject: hello\n\nHi.\n";

// Two keys, a filter, and a verifier with the keys' records
struct Signer {
    Signer()
    {
        settings.canonicalization = "relaxed/simple";
        settings.signed_fields = settings.omitted_fields = settings.author_fields = settings.oversign = {"*"};
        settings.unclear_author = "reject";
        add_key("example.org", "rsa1", make_rsa_pem(1024));
        add_key("example.org", "ed1", make_ed25519_pem());
    }

    void add_key(const std::string& domain, const std::string& selector, const std::string& pem)
    {
        const auto path = folder / selector + "." + domain;
        std::ofstream(path) << pem;
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        settings.domains.push_back({domain, selector, path, false});
        const auto key = DkimPrivateKey::parse(pem);
        if (key)
            resolver.set(selector + "._domainkey." + domain, RrType::txt, found({key->record()}));
    }

    std::unique_ptr<DkimSignFilter> filter() const
    {
        auto made = DkimSignFilter::create(settings, DkimSigners::load(settings, DkimKeys::load(settings.domains)), clock,
                                           "mx.example.org");
        REQUIRE(made.has_value());
        return std::move(*made);
    }

    FilterVerdict sign(const MailText& mail) const
    {
        const auto pass = filter()->begin(mail.message);
        REQUIRE(pass != nullptr);
        pass->header_complete(mail.message);
        pass->body(mail.body);
        pass->message_complete(mail.message);
        Findings findings;
        auto verdict = pass->verdict(mail.message, findings, std::chrono::steady_clock::now() + 60s);
        CHECK(findings.auth_results.empty());
        return verdict;
    }

    // The results of the mail with its signatures, at the other end
    std::string verify(MailText mail, const FilterVerdict& verdict)
    {
        for (const auto& edit : verdict.edits) {
            CHECK(edit.kind == HeaderEdit::Kind::insert);
            auto& header = mail.message.header;
            header.insert(header.begin(), {edit.name, " " + edit.value});
        }
        mail.message.origin = Origin::stranger;
        const auto verifier = DkimVerifyFilter::create({}, resolver, io.executor(), clock);
        REQUIRE(verifier.has_value());
        const auto pass = (*verifier)->begin(mail.message);
        pass->header_complete(mail.message);
        pass->body(mail.body);
        Findings findings;
        pass->verdict(mail.message, findings, std::chrono::steady_clock::now() + 60s);
        std::string results;
        for (const auto& result : findings.auth_results)
            results += (results.empty() ? "" : "; ") + result.result
                + (result.reason.empty() ? "" : " (" + result.reason + ")");
        return results;
    }

    ScratchFolder folder;
    DkimSettings settings;
    FakeClock clock;
    FakeResolver resolver;
    IoThread io;
};

MailText our_mail(std::string_view text = mail_text)
{
    auto mail = read_mail_text(text);
    mail.message.origin = Origin::ours;
    return mail;
}

std::string changed(std::string_view old, std::string_view with)
{
    std::string text(mail_text);
    const auto at = text.find(old);
    REQUIRE(at != text.npos);
    return text.replace(at, old.size(), with);
}

} // namespace

TEST_CASE("our mail gets a signature of each key, the first key's on top")
{
    Signer signer;
    const auto mail = our_mail();
    const auto verdict = signer.sign(mail);
    CHECK(verdict.action == FilterAction::accept);
    CHECK(verdict.reason == "signed example.org");
    REQUIRE(verdict.edits.size() == 2);
    for (const auto& edit : verdict.edits) {
        CHECK(edit.name == "DKIM-Signature");
        const auto signature = parse_dkim_signature(edit.value);
        CHECK(signature.fault == "");
        CHECK(signature.signing_domain == "example.org");
        CHECK(signature.signed_at == 1'700'000'000);
        CHECK(signature.header_canonicalization == DkimCanonicalization::relaxed);
        CHECK(signature.body_canonicalization == DkimCanonicalization::simple);
        CHECK(signature.signed_fields == std::vector<std::string>{"from", "from", "subject", "to"});
        CHECK(!signature.body_length);
    }
    CHECK(parse_dkim_signature(verdict.edits[1].value).algorithm == DkimAlgorithm::rsa_sha256); // inserted last
    CHECK(parse_dkim_signature(verdict.edits[0].value).algorithm == DkimAlgorithm::ed25519_sha256);
    CHECK(signer.verify(mail, verdict) == "pass; pass");
}

TEST_CASE("what our signatures hold, and what they bear")
{
    struct Case {
        const char* name;
        const char* old;
        const char* with;
        const char* want_results;
    };
    const Case cases[] = {
        {"nothing changed", "Hi.", "Hi.", "pass; pass"},
        {"a trace field added", "Received: from a", "Received: from b\nReceived: from a", "pass; pass"},
        {"results added", "Received", "Authentication-Results: mx; none\nReceived", "pass; pass"},
        {"blanks in the header", "Subject: hello", "subject:  \n hello ", "pass; pass"},
        {"body changed", "Hi.", "Ho.", "fail (body hash did not verify); fail (body hash did not verify)"},
        {"To changed", "ann@", "eve@", "fail (signature did not verify); fail (signature did not verify)"},
    };
    Signer signer;
    const auto verdict = signer.sign(our_mail());
    for (const auto& c : cases) {
        CAPTURE(c.name);
        CHECK(signer.verify(our_mail(changed(c.old, c.with)), verdict) == c.want_results);
    }
    signer.settings.oversign = {"From", "Subject"};
    CHECK(signer.verify(our_mail(changed("Received", "Subject: x\nReceived")), signer.sign(our_mail()))
          == "fail (signature did not verify); fail (signature did not verify)");
}

TEST_CASE("every canonicalization")
{
    for (const auto* canonicalization :
         {"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed", "relaxed"}) {
        CAPTURE(canonicalization);
        Signer signer;
        signer.settings.canonicalization = canonicalization;
        const auto mail = our_mail("From:\n\tJoe\n  <joe@example.org> \nCc:\nSubject: a \t b\n\n a  b \n\n\n \n");
        const auto verdict = signer.sign(mail);
        REQUIRE(verdict.edits.size() == 2);
        CHECK(verdict.edits[0].value.find(canonicalization) != std::string::npos);
        CHECK(signer.verify(mail, verdict) == "pass; pass");
    }
}

TEST_CASE("each key with its own canonicalization and identity")
{
    Signer signer;
    signer.add_key("example.org", "third", make_ed25519_pem());
    signer.settings.domains[0].canonicalization = "simple/relaxed";
    signer.settings.domains[0].identity = "@mail.example.org";
    signer.settings.domains[1].canonicalization = "relaxed/relaxed";
    signer.settings.domains[1].identity = "list;owner@example.org";
    const auto mail = our_mail();
    const auto verdict = signer.sign(mail);
    REQUIRE(verdict.edits.size() == 3);
    const char* const want[] = {"c=relaxed/simple; d=example.org;\n\ts=third; t=",
                                "c=relaxed/relaxed; d=example.org;\n\ts=ed1; i=list=3Bowner@example.org; t=",
                                "c=simple/relaxed; d=example.org; s=rsa1;\n\ti=@mail.example.org; t="};
    for (std::size_t i = 0; i < 3; ++i) {
        CAPTURE(verdict.edits[i].value);
        CHECK(verdict.edits[i].value.find(want[i]) != std::string::npos);
    }
    CHECK(signer.verify(mail, verdict) == "pass; pass; pass");
}

TEST_CASE("a control character that libopendkim misreads when relaxed makes the header simple")
{
    Signer signer;
    for (const auto& value : {std::string(" a\fb"), std::string(" a\vb"), std::string(" a\0b", 4)}) {
        auto mail = our_mail();
        for (auto& field : mail.message.header)
            if (field.name == "Subject")
                field.value = value;
        const auto verdict = signer.sign(mail);
        REQUIRE(verdict.edits.size() == 2);
        CHECK(verdict.edits[0].value.find("c=simple/simple") != std::string::npos);
        CHECK(signer.verify(mail, verdict) == "pass; pass");
    }
}

TEST_CASE("only our mail is signed, whatever its From says")
{
    const Signer signer;
    auto mail = our_mail();
    for (const auto origin : {Origin::stranger, Origin::relay}) {
        mail.message.origin = origin;
        CHECK(signer.filter()->begin(mail.message) == nullptr);
    }
}

TEST_CASE("our mail that is not signed is accepted, and the record says why")
{
    struct Case {
        const char* name;
        std::string mail;
        const char* want_reason;
    };
    const Case cases[] = {
        {"a domain without a key", changed("joe@example.org", "joe@example.net"), "no key for example.net"},
        {"a subdomain, where subdomains is off", changed("joe@example.org", "joe@a.example.org"),
         "no key for a.example.org"},
        {"judged before", changed("Received", "Authentication-Results: mx.example.org; dkim=none\nReceived"),
         "not signed: judged before"},
        {"a domain that is set apart", changed("joe@example.org", "joe@a.quiet.example"),
         "not signed: from a.quiet.example"},
    };
    Signer signer;
    signer.settings.unsigned_domains = {".quiet.example"};
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto verdict = signer.sign(our_mail(c.mail));
        CHECK(verdict.action == FilterAction::accept);
        CHECK(verdict.edits.empty());
        CHECK(verdict.reason == c.want_reason);
    }
}

TEST_CASE("mail whose author cannot be told is refused, deferred or let go, and never signed")
{
    struct Case {
        const char* name;
        std::string mail;
        const char* want_reason;
    };
    const Case cases[] = {
        {"no From", changed("From:", "Form:"), "no From field"},
        {"two From fields", changed("From:", "From: x@example.org\nFrom:"), "several From fields"},
        {"authors of two domains", changed("Joe <joe@example.org>", "a@example.org, b@example.net"),
         "From: authors of several domains"},
        {"From without an address", changed("Joe <joe@example.org>", "Joe"), "From: \"Joe\" is not an address"},
    };
    Signer signer;
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto mail = our_mail(c.mail);
        signer.settings.unclear_author = "reject";
        const auto refused = signer.sign(mail);
        CHECK(refused.action == FilterAction::reject);
        CHECK(refused.status == "6.0");
        CHECK(refused.reason == c.want_reason);
        signer.settings.unclear_author = "defer";
        CHECK(signer.sign(mail).action == FilterAction::defer);
        signer.settings.unclear_author = "accept";
        const auto accepted = signer.sign(mail);
        CHECK(accepted.action == FilterAction::accept);
        CHECK(accepted.reason == std::string("not signed: ") + c.want_reason);
        CHECK(accepted.edits.empty());

        signer.settings.unclear_author = "reject";
        mail.message.is_internal = true;
        CHECK(signer.sign(mail).action == FilterAction::accept); // Postfix's own, and sendmail(1)
    }
}

TEST_CASE("judged before: who logs in, or by leave everybody, is signed nevertheless")
{
    Signer signer;
    auto mail = our_mail(changed("Received", "Authentication-Results: MX.Example.org; dkim=none\nReceived"));
    CHECK(signer.sign(mail).edits.empty());
    mail.message.header[0].value = " mx.example.org/4XyZ12; dkim=none"; // with a queue id
    CHECK(signer.sign(mail).edits.empty());
    mail.message.login = "joe";
    CHECK(signer.sign(mail).edits.size() == 2);
    mail.message.login.clear();
    signer.settings.sign_judged = true;
    CHECK(signer.sign(mail).edits.size() == 2);
    signer.settings.sign_judged = false;
    CHECK(signer.sign(our_mail(changed("Received", "Authentication-Results: mx.other.example; dkim=none\nReceived")))
              .edits.size()
          == 2);
}

TEST_CASE("mail to who does not want signatures has none")
{
    Signer signer;
    std::ofstream(signer.folder / "recipients") << "# these\nlist@example.net\n/^bot-/\n";
    signer.settings.unsigned_recipients = {"file:" + signer.folder / "recipients", "quiet.example"};
    struct Case {
        std::vector<std::string> to;
        const char* want_reason;
    };
    const Case cases[] = {
        {{"ann@example.net"}, "signed example.org"},
        {{"ann@example.net", "list@example.net"}, "not signed: to list@example.net"},
        {{"x@a.quiet.example"}, "not signed: to x@a.quiet.example"},
        {{"bot-1@example.net"}, "not signed: to bot-1@example.net"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.want_reason);
        auto mail = our_mail();
        for (const auto& recipient : c.to)
            mail.message.recipients.push_back(parse_mail_address(recipient));
        CHECK(signer.sign(mail).reason == c.want_reason);
    }
}

TEST_CASE("signatures that a mail bears already go, as set")
{
    Signer signer;
    const auto text = changed("Received", "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=old; h=from; bh=eA==; b=eA==\n"
                                          "DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=x; h=from; bh=eA==; b=eA==\n"
                                          "DKIM-Signature: v=1; a=rsa-sha256; d=Example.Org; s=y; h=from; bh=eA==; b=eA==\n"
                                          "Received");
    const auto removed = [&](const char* which) {
        signer.settings.remove_signatures = which;
        std::string occurrences;
        for (const auto& edit : signer.sign(our_mail(text)).edits)
            if (edit.kind == HeaderEdit::Kind::remove)
                occurrences += std::to_string(edit.occurrence);
        return occurrences;
    };
    CHECK(removed("none") == "");
    CHECK(removed("ours") == "13");
    CHECK(removed("all") == "123");
}

TEST_CASE("a signature that ends")
{
    Signer signer;
    signer.settings.signature_lifetime = 3650 * 24h; // libopendkim looks at the system's clock, too
    const auto verdict = signer.sign(our_mail());
    for (const auto& edit : verdict.edits)
        CHECK(edit.value.find("t=1700000000; x=2015360000;") != std::string::npos);
    CHECK(signer.verify(our_mail(), verdict) == "pass; pass");
}

TEST_CASE("the author may stand in another field, and is then signed for")
{
    Signer signer;
    signer.settings.author_fields = {"Sender", "From"};
    auto verdict = signer.sign(our_mail(changed("From:", "Sender: joe@example.org\nFrom: a@example.net, b@example.com\nX:")));
    CHECK(verdict.edits.size() == 2);
    verdict = signer.sign(our_mail());
    CHECK(verdict.edits.size() == 2);
}

TEST_CASE("a bounce without an author of ours is signed by the domain that is set for it")
{
    Signer signer;
    auto mail = our_mail("From: MAILER-DAEMON@mail.example.net\nTo: x@example.net\n\nSorry.\n");
    mail.message.is_internal = true;
    CHECK(signer.sign(mail).reason == "no key for mail.example.net");
    signer.settings.bounce_domain = "example.org";
    CHECK(signer.sign(mail).reason == "signed example.org");
    mail.message.header[0].value = " MAILER-DAEMON (Mail Delivery System)";
    CHECK(signer.sign(mail).reason == "signed example.org");
    mail.message.sender = parse_mail_address("joe@example.net");
    CHECK(signer.sign(mail).reason == "not signed: From: \"MAILER-DAEMON\" is not an address");
}

TEST_CASE("a bounce is signed for the domain of its From")
{
    Signer signer;
    signer.settings.domains[0].subdomains = true;
    auto mail = our_mail("From: MAILER-DAEMON@mail.example.org (Mail Delivery System)\nTo: x@example.net\n\nSorry.\n");
    mail.message.is_internal = true;
    const auto verdict = signer.sign(mail);
    REQUIRE(verdict.edits.size() == 1);
    CHECK(parse_dkim_signature(verdict.edits[0].value).signing_domain == "example.org");
    CHECK(signer.verify(mail, verdict) == "pass");
}

TEST_CASE("never unsigned: one key that cannot be used defers the mail")
{
    Signer signer;
    signer.add_key("example.org", "broken", "this is no key\n");
    const auto verdict = signer.sign(our_mail());
    CHECK(verdict.action == FilterAction::defer);
    CHECK(verdict.code == 451);
    CHECK(verdict.status == "7.1");
    CHECK(verdict.text == "this mail cannot be signed now");
    CHECK(verdict.reason == "key unusable: " + signer.folder / "broken.example.org: holds no private key in PEM");
    CHECK(verdict.edits.empty());

    const auto other = signer.sign(our_mail(changed("joe@example.org", "joe@example.net")));
    CHECK(other.action == FilterAction::accept); // mail of other domains is not concerned
}

TEST_CASE("DkimSignFilter::create refuses settings that cannot be")
{
    const FakeClock clock;
    DkimSettings settings;
    settings.signed_fields = settings.omitted_fields = settings.author_fields = {"*"};
    struct Case {
        const char* canonicalization;
        const char* oversign;
        const char* want_error;
    };
    const Case cases[] = {
        {"relaxed/simple", "From", ""},
        {"nowsp/simple", "From", "dkim.canonicalization: \"nowsp\" is neither simple nor relaxed"},
        {"relaxed/", "From", "dkim.canonicalization: \"\" is neither simple nor relaxed"},
        {"relaxed/simple", "Authentication-Results",
         "dkim.oversign: Authentication-Results changes on the way and cannot be signed"},
        {"relaxed/simple", "No Name", "dkim.oversign: \"No Name\" is no name of a header field"},
    };
    for (const auto& c : cases) {
        settings.canonicalization = c.canonicalization;
        settings.oversign = {c.oversign};
        const auto made = DkimSignFilter::create(settings, {}, clock, "mx.example.org");
        CHECK((made ? "" : made.error().what) == c.want_error);
    }
}

TEST_CASE("a mail of a thousand Cc fields is signed, by some of them")
{
    Signer signer;
    std::string text(mail_text);
    for (int i = 0; i < 1000; ++i)
        text = "Cc: a" + std::to_string(i) + "@example.net\n" + text;
    const auto mail = our_mail(text);
    CHECK(signer.verify(mail, signer.sign(mail)) == "pass; pass");
}

TEST_CASE("four threads sign and verify at once")
{
    Signer signer;
    const auto sign_filter = signer.filter();
    const auto verify_filter = DkimVerifyFilter::create({}, signer.resolver, signer.io.executor(), signer.clock);
    REQUIRE(verify_filter.has_value());
    std::atomic<int> good = 0;
    const auto work = [&](int seed) {
        for (int i = 0; i < 25; ++i) {
            auto mail = our_mail(changed("Hi.", "Hi " + std::to_string(seed * 1000 + i)));
            Findings findings;
            const auto deadline = std::chrono::steady_clock::now() + 60s;
            const auto signing = sign_filter->begin(mail.message);
            signing->header_complete(mail.message);
            signing->body(mail.body);
            for (const auto& edit : signing->verdict(mail.message, findings, deadline).edits)
                mail.message.header.insert(mail.message.header.begin(), {edit.name, " " + edit.value});
            mail.message.origin = Origin::stranger;
            const auto verifying = (*verify_filter)->begin(mail.message);
            verifying->header_complete(mail.message);
            verifying->body(mail.body);
            verifying->verdict(mail.message, findings, deadline);
            for (const auto& result : findings.auth_results)
                good += result.result == "pass" ? 1 : 0;
        }
    };
    std::vector<std::thread> threads;
    for (int seed = 0; seed < 4; ++seed)
        threads.emplace_back(work, seed);
    for (auto& thread : threads)
        thread.join();
    CHECK(good == 4 * 25 * 2);
}

} // namespace postern
