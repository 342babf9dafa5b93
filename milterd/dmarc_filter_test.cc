#include "milterd/dmarc_filter.h"

#include "test/dkim/mail_text.h"
#include "test/fake/held_resolver.h"
#include "test/io_thread.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr auto pass = Identifier::Outcome::pass;
constexpr auto other = Identifier::Outcome::other;

FakeResolver::Zone zone()
{
    return {{{"_dmarc.strict.example", RrType::txt}, found({"v=DMARC1; p=reject"})},
            {{"_dmarc.mild.example", RrType::txt}, found({"v=DMARC1; p=quarantine"})},
            {{"_dmarc.watching.example", RrType::txt}, found({"v=DMARC1; p=none"})},
            {{"_dmarc.testing.example", RrType::txt}, found({"v=DMARC1; p=reject; t=y"})},
            {{"_dmarc.bad.example", RrType::txt}, found({"v=DMARC1; p=refuse"})},
            {{"_dmarc.broken.example", RrType::txt}, DnsReply{}}};
}

struct Judged {
    FilterVerdict verdict;
    std::string written; // into Authentication-Results
};

Judged judge(const std::string& header, std::vector<Identifier> identifiers, const DmarcActions& actions = {},
             Origin origin = Origin::stranger)
{
    FakeResolver resolver(zone());
    IoThread io;
    DmarcOptions options;
    options.actions = actions;
    DmarcFilter filter(options, resolver, io.executor());
    auto message = read_mail_text(header + "\n").message;
    message.origin = origin;
    message.sender = parse_mail_address("bounce@elsewhere.example");
    const auto filter_pass = filter.begin(message);
    if (!filter_pass)
        return {};
    Findings findings;
    findings.identifiers = std::move(identifiers);
    filter_pass->header_complete(message);
    filter_pass->message_complete(message);
    auto verdict = filter_pass->verdict(message, findings, std::chrono::steady_clock::now() + 60s);
    REQUIRE(findings.auth_results.size() == 1);
    return {std::move(verdict), write_auth_results("mx", findings.auth_results)};
}

constexpr DmarcActions following = {FilterAction::reject, FilterAction::quarantine, FilterAction::reject,
                                    FilterAction::defer};

} // namespace

TEST_CASE("DmarcFilter: what is written, and what is done where the policies are followed")
{
    struct Case {
        const char* name;
        const char* header;
        std::vector<Identifier> identifiers;
        const char* want_written;
        const char* want_reason;
        FilterAction want_action;
        const char* want_status;
    };
    const Identifier dkim_fails = {Identifier::Method::dkim, other, "strict.example"};
    const Case cases[] = {
        {"pass", "From: a@strict.example\n", {{Identifier::Method::dkim, pass, "strict.example"}},
         "dmarc=pass (p=reject of strict.example) header.from=strict.example\n\tpolicy.dmarc=reject",
         "pass strict.example p=reject (dkim strict.example)", FilterAction::accept, ""},
        {"fail, reject", "From: a@strict.example\n", {dkim_fails},
         "dmarc=fail (p=reject of strict.example) header.from=strict.example\n\tpolicy.dmarc=reject",
         "fail strict.example p=reject (nothing aligned passes)", FilterAction::reject, "7.26"},
        {"fail, quarantine", "From: a@mild.example\n", {dkim_fails},
         "dmarc=fail (p=quarantine of mild.example) header.from=mild.example\n\tpolicy.dmarc=quarantine",
         "fail mild.example p=quarantine (nothing aligned passes)", FilterAction::quarantine, "7.26"},
        {"fail, none", "From: a@watching.example\n", {dkim_fails},
         "dmarc=fail (p=none of watching.example) header.from=watching.example\n\tpolicy.dmarc=none",
         "fail watching.example p=none (nothing aligned passes)", FilterAction::accept, ""},
        {"fail, reject that is tested", "From: a@testing.example\n", {dkim_fails},
         "dmarc=fail (p=reject t=y of testing.example)\n\theader.from=testing.example policy.dmarc=quarantine",
         "fail testing.example p=reject t=y (nothing aligned passes)", FilterAction::quarantine, "7.26"},
        {"none", "From: a@other.example\n", {dkim_fails}, "dmarc=none header.from=other.example",
         "none other.example", FilterAction::accept, ""},
        {"permerror", "From: a@bad.example\n", {dkim_fails},
         "dmarc=permerror reason=\"p= is no policy\" header.from=bad.example",
         "permerror bad.example (p= is no policy)", FilterAction::accept, ""},
        {"temperror", "From: a@broken.example\n", {dkim_fails},
         "dmarc=temperror reason=\"policy cannot be looked up now\"\n\theader.from=broken.example",
         "temperror broken.example (policy cannot be looked up now)", FilterAction::defer, "7.5"},
        {"an internationalised author", "From: a@b\xc3\xbc" "cher.example\n", {dkim_fails},
         "dmarc=none header.from=xn--bcher-kva.example", "none xn--bcher-kva.example", FilterAction::accept, ""},
        {"authors of one domain", "From: a@strict.example, b@STRICT.example\n",
         {{Identifier::Method::spf, pass, "strict.example"}},
         "dmarc=pass (p=reject of strict.example) header.from=strict.example\n\tpolicy.dmarc=reject",
         "pass strict.example p=reject (spf strict.example)", FilterAction::accept, ""},
        {"no From", "To: a@strict.example\n", {{Identifier::Method::spf, pass, "strict.example"}},
         "dmarc=permerror reason=\"no From field\"", "permerror no From field", FilterAction::reject, "7.1"},
        {"two From fields", "From: a@strict.example\nfrom: b@strict.example\n",
         {{Identifier::Method::spf, pass, "strict.example"}},
         "dmarc=permerror reason=\"several From fields\"", "permerror several From fields", FilterAction::reject,
         "7.1"},
        {"authors of two domains", "From: a@strict.example, b@other.example\n",
         {{Identifier::Method::spf, pass, "other.example"}},
         "dmarc=permerror reason=\"From: authors of several domains\"",
         "permerror From: authors of several domains", FilterAction::reject, "7.1"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto followed = judge(c.header, c.identifiers, following);
        CHECK(followed.written == std::string("mx;\n\t") + c.want_written);
        CHECK(followed.verdict.reason == c.want_reason);
        CHECK(followed.verdict.action == c.want_action);
        CHECK(followed.verdict.status == c.want_status);
        CHECK(followed.verdict.text.empty() == (c.want_action == FilterAction::accept));

        const auto told = judge(c.header, c.identifiers); // by default
        CHECK(told.verdict.action == FilterAction::accept);
        CHECK(told.verdict.reason == c.want_reason);
        CHECK(told.written == followed.written);
    }
    CHECK(judge("From: a@sub.strict.example\n", {}, following).verdict.text
          == "Message fails DMARC, policy of strict.example: reject");
}

TEST_CASE("DmarcFilter: only strangers are judged")
{
    for (const auto origin : {Origin::relay, Origin::ours}) {
        const auto judged = judge("From: a@strict.example\n", {}, following, origin);
        CHECK(judged.written.empty());
        CHECK(judged.verdict.action == FilterAction::accept);
    }
}

TEST_CASE("DmarcFilter: the questions start before anybody waits, and are not waited for too long")
{
    HeldResolver resolver;
    resolver.hold("_dmarc.example.org");
    IoThread io;
    DmarcOptions options;
    options.deadline = 30ms;
    DmarcFilter filter(options, resolver, io.executor());
    const auto message = read_mail_text("From: a@example.org\n\n").message;
    const auto pass_of_it = filter.begin(message);
    Findings findings;
    const auto verdict = pass_of_it->verdict(message, findings, std::chrono::steady_clock::now() + 60s);
    CHECK(verdict.reason == "temperror example.org (policy cannot be looked up now)");
    CHECK(filter.begin(message) != nullptr); // aborted: nobody waits for it
}

TEST_CASE("DmarcFilter: whom it asks about")
{
    FakeResolver resolver({{{"_dmarc.example.org", RrType::txt}, found({"v=DMARC1; p=reject"})}});
    {
        IoThread io;
        DmarcOptions options;
        options.max_signatures = 2;
        DmarcFilter filter(options, resolver, io.executor());
        auto message = read_mail_text("DKIM-Signature: v=1; a=rsa-sha256; d=one.example.org; s=s; h=from; bh=YQ==; b=YQ==\n"
                                      "DKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.example; s=s; h=from; bh=YQ==; b=YQ==\n"
                                      "DKIM-Signature: v=1; a=rsa-sha256; d=three.example.org; s=s; h=from; bh=YQ==; b=YQ==\n"
                                      "From: a@example.org\n\n")
                           .message;
        message.sender = parse_mail_address("<>");
        message.helo = "HELO.example.org";
        Findings findings;
        filter.begin(message)->verdict(message, findings, std::chrono::steady_clock::now() + 60s);
    }
    const auto asks = [&](const char* name) {
        return std::find(resolver.asked.begin(), resolver.asked.end(), name) != resolver.asked.end();
    };
    CHECK(asks("_dmarc.helo.example.org")); // the identity of the null sender
    CHECK(asks("_dmarc.one.example.org"));
    CHECK_FALSE(asks("_dmarc.elsewhere.example")); // cannot be aligned
    CHECK_FALSE(asks("_dmarc.three.example.org")); // above the cap
}

} // namespace postern
