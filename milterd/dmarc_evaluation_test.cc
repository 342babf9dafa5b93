#include "milterd/dmarc_evaluation.h"

#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace postern {
namespace {

constexpr auto spf = Identifier::Method::spf;
constexpr auto dkim = Identifier::Method::dkim;
constexpr auto pass = Identifier::Outcome::pass;
constexpr auto temperror = Identifier::Outcome::temperror;
constexpr auto other = Identifier::Outcome::other;

using Records = std::map<std::string, DnsReply>;

FakeResolver resolver_of(const Records& records)
{
    FakeResolver resolver;
    for (const auto& [domain, reply] : records)
        resolver.set("_dmarc." + domain, RrType::txt, reply);
    return resolver;
}

DmarcDiscovery discover(Resolver& resolver, const std::string& author, const std::vector<Identifier>& identifiers)
{
    std::vector<std::string> domains;
    for (const auto& identifier : identifiers)
        domains.push_back(identifier.domain);
    return run(
        discover_dmarc(resolver, author, domains, std::chrono::steady_clock::now() + std::chrono::minutes(1)));
}

// "fail (nothing aligned passes) reject of example.org"
std::string judge(Resolver& resolver, const std::string& author, const std::vector<Identifier>& identifiers)
{
    const auto discovery = discover(resolver, author, identifiers);
    const auto evaluation = evaluate_dmarc(discovery, identifiers);
    std::string text(dmarc_result_name(evaluation.result));
    if (!evaluation.reason.empty())
        text += " (" + evaluation.reason + ")";
    if (evaluation.policy)
        text += fmt::format(" {} by {}= of {}", dmarc_policy_name(*evaluation.policy), discovery.policy_tag,
                            discovery.record_domain);
    return text;
}

DnsReply record(const std::string& tags)
{
    return found({"v=DMARC1; " + tags});
}

const DnsReply tempfail{};

} // namespace

TEST_CASE("dmarc_result_name")
{
    CHECK(dmarc_result_name(DmarcResult::none) == "none");
    CHECK(dmarc_result_name(DmarcResult::pass) == "pass");
    CHECK(dmarc_result_name(DmarcResult::fail) == "fail");
    CHECK(dmarc_result_name(DmarcResult::temperror) == "temperror");
    CHECK(dmarc_result_name(DmarcResult::permerror) == "permerror");
}

TEST_CASE("RFC 9989 B: its examples")
{
    const Records plain = {{"example.com", record("p=reject")}};
    const Records signing = {{"example.com", record("p=reject; aspf=r")}, {"signing.example.com", record("p=none")}};
    const Records bank = {{"bank.example", record("p=reject; psd=y")}, {"giant.bank.example", record("p=quarantine")}};
    struct Case {
        const char* name;
        Records records;
        const char* author;
        std::vector<Identifier> identifiers;
        const char* want;
    };
    const Case cases[] = {
        {"B.1.1, 1: strict", {{"example.com", record("p=reject; aspf=s")}}, "example.com", {{spf, pass, "example.com"}},
         "pass (spf example.com) reject by p= of example.com"},
        {"B.1.1, 2: relaxed", plain, "example.com", {{spf, pass, "child.example.com"}},
         "pass (spf child.example.com) reject by p= of example.com"},
        {"B.1.1, 2, if it were strict", {{"example.com", record("p=reject; aspf=s")}}, "example.com",
         {{spf, pass, "child.example.com"}}, "fail (nothing aligned passes) reject by p= of example.com"},
        {"B.1.1, 3: not aligned", plain, "child.example.com", {{spf, pass, "example.net"}},
         "fail (nothing aligned passes) reject by p= of example.com"},
        {"B.1.2, 1: strict", {{"example.com", record("p=reject; adkim=s")}}, "example.com",
         {{dkim, pass, "example.com"}}, "pass (dkim example.com) reject by p= of example.com"},
        {"B.1.2, 2: relaxed", plain, "child.example.com", {{dkim, pass, "example.com"}},
         "pass (dkim example.com) reject by p= of example.com"},
        {"B.1.2, 3: not aligned", plain, "child.example.com", {{dkim, pass, "example.net"}},
         "fail (nothing aligned passes) reject by p= of example.com"},
        {"B.3.1", signing, "example.com", {{spf, pass, "mail.example.com"}, {dkim, pass, "example.com"}},
         "pass (spf mail.example.com) reject by p= of example.com"},
        {"B.3.1, nothing passes", signing, "example.com",
         {{spf, other, "mail.example.com"}, {dkim, other, "example.com"}},
         "fail (nothing aligned passes) reject by p= of example.com"},
        {"B.4.1, SPF", signing, "example.com", {{spf, pass, "example.com"}, {dkim, other, "signing.example.com"}},
         "pass (spf example.com) reject by p= of example.com"},
        {"B.4.1, DKIM", signing, "example.com", {{spf, other, "example.com"}, {dkim, pass, "signing.example.com"}},
         "pass (dkim signing.example.com) reject by p= of example.com"},
        {"B.4.2, SPF", signing, "a.b.c.d.e.f.g.h.i.j.k.example.com",
         {{spf, pass, "example.com"}, {dkim, other, "signing.example.com"}},
         "pass (spf example.com) reject by p= of example.com"},
        {"B.4.2, DKIM", signing, "a.b.c.d.e.f.g.h.i.j.k.example.com",
         {{spf, other, "example.com"}, {dkim, pass, "signing.example.com"}},
         "pass (dkim signing.example.com) reject by p= of example.com"},
        {"B.4.2, neither", signing, "a.b.c.d.e.f.g.h.i.j.k.example.com", {{spf, other, "example.com"}},
         "fail (nothing aligned passes) reject by p= of example.com"},
        {"B.4.3, SPF is aligned", bank, "giant.bank.example",
         {{spf, pass, "mail.giant.bank.example"}, {dkim, other, "mail.mega.bank.example"}},
         "pass (spf mail.giant.bank.example) quarantine by p= of giant.bank.example"},
        {"B.4.3, DKIM is not", bank, "giant.bank.example",
         {{spf, other, "mail.giant.bank.example"}, {dkim, pass, "mail.mega.bank.example"}},
         "fail (nothing aligned passes) quarantine by p= of giant.bank.example"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto resolver = resolver_of(c.records);
        CHECK(judge(resolver, c.author, c.identifiers) == c.want);
    }
}

TEST_CASE("evaluate_dmarc: which policy applies (RFC 9989 4.10.1)")
{
    struct Case {
        const char* name;
        Records records;
        const char* author;
        const char* want;
    };
    const Case cases[] = {
        {"none", {}, "a.example.org", "none"},
        {"the author's own", {{"a.example.org", record("p=none; sp=reject")}, {"example.org", record("p=reject")}},
         "a.example.org", "fail (nothing aligned passes) none by p= of a.example.org"},
        {"p= of the organization", {{"example.org", record("p=quarantine")}}, "a.example.org",
         "fail (nothing aligned passes) quarantine by p= of example.org"},
        {"sp= of it", {{"example.org", record("p=reject; sp=none")}}, "a.example.org",
         "fail (nothing aligned passes) none by sp= of example.org"},
        {"sp= is not for the domain itself", {{"example.org", record("p=reject; sp=none")}}, "example.org",
         "fail (nothing aligned passes) reject by p= of example.org"},
        {"np= is for names that are not there", {{"example.org", record("p=none; sp=none; np=reject")}},
         "gone.example.org", "fail (nothing aligned passes) reject by np= of example.org"},
        {"and not for those that are", {{"example.org", record("p=none; sp=quarantine; np=reject")}},
         "there.example.org", "fail (nothing aligned passes) quarantine by sp= of example.org"},
        {"also without an address", {{"example.org", record("p=none; np=reject")}}, "bare.example.org",
         "fail (nothing aligned passes) none by p= of example.org"},
        {"nobody knows whether it is there", {{"example.org", record("p=none; np=reject")}}, "broken.example.org",
         "temperror (policy cannot be looked up now)"},
        {"sp= in the place of np=", {{"example.org", record("p=none; sp=reject")}}, "gone.example.org",
         "fail (nothing aligned passes) reject by sp= of example.org"},
        {"the one in between is passed over",
         {{"b.example.org", record("p=reject")}, {"example.org", record("p=none")}}, "a.b.example.org",
         "fail (nothing aligned passes) none by p= of example.org"},
        {"that of the public suffix", {{"example", record("p=none; psd=y; np=reject")}}, "gone.example",
         "fail (nothing aligned passes) reject by np= of example"},
        {"that of a public suffix for itself", {{"bank.example", record("p=reject; psd=y; sp=none")}},
         "bank.example", "fail (nothing aligned passes) reject by p= of bank.example"},
        {"the organization has one: not the public suffix's",
         {{"example", record("p=reject; psd=y")}, {"there.example", record("p=none")}}, "a.there.example",
         "fail (nothing aligned passes) none by p= of there.example"},
        {"two of one domain are none", {{"example.org", found({"v=DMARC1; p=reject", "v=DMARC1; p=reject"})}},
         "example.org", "none"},
        {"a record without a policy", {{"example.org", record("sp=reject")}}, "example.org",
         "permerror (p= is no policy)"},
        {"t=y: reject is quarantine", {{"example.org", record("p=reject; t=y")}}, "example.org",
         "fail (nothing aligned passes) quarantine by p= of example.org"},
        {"t=y: quarantine is none", {{"example.org", record("p=quarantine; t=y")}}, "example.org",
         "fail (nothing aligned passes) none by p= of example.org"},
        {"t=y: none is none", {{"example.org", record("p=none; t=y")}}, "example.org",
         "fail (nothing aligned passes) none by p= of example.org"},
        {"the DNS does not say", {{"example.org", tempfail}}, "example.org",
         "temperror (policy cannot be looked up now)"},
        {"or not of the domain above", {{"org", tempfail}}, "example.org",
         "temperror (policy cannot be looked up now)"},
        {"which does not matter if the author has one", {{"example.org", record("p=reject")}, {"org", tempfail}},
         "example.org", "fail (nothing aligned passes) reject by p= of example.org"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto resolver = resolver_of(c.records);
        resolver.set("there.example.org", RrType::a, found({"192.0.2.1"}));
        resolver.set("bare.example.org", RrType::a, {DnsStatus::nodata, {}, {}});
        resolver.set("broken.example.org", RrType::a, tempfail);
        CHECK(judge(resolver, c.author, {{spf, other, "example.net"}}) == c.want);
    }
}

TEST_CASE("evaluate_dmarc: what is not known is never \"not aligned\"")
{
    const Records plain = {{"example.org", record("p=reject")}};
    const Records half = {{"example.org", record("p=reject")}, {"org", tempfail}};
    const Records without_sub = {{"example.org", record("p=reject")}, {"sub.example.org", tempfail}};
    struct Case {
        const char* name;
        Records records;
        std::vector<Identifier> identifiers;
        const char* want;
    };
    const char* const fails = "fail (nothing aligned passes) reject by p= of example.org";
    const char* const dkim_unknown = "temperror (dkim cannot be judged now) reject by p= of example.org";
    const char* const spf_unknown = "temperror (spf cannot be judged now) reject by p= of example.org";
    const Case cases[] = {
        {"nothing to go by", plain, {}, fails},
        {"the key of an aligned signature cannot be looked up", plain, {{dkim, temperror, "example.org"}}, dkim_unknown},
        {"likewise one below", plain, {{dkim, temperror, "mail.example.org"}}, dkim_unknown},
        {"SPF cannot be evaluated", plain, {{spf, temperror, "example.org"}, {dkim, other, "example.org"}}, spf_unknown},
        {"that of another domain is no excuse", plain, {{dkim, temperror, "example.net"}}, fails},
        {"a pass beside it is a pass", plain, {{spf, temperror, "example.org"}, {dkim, pass, "example.org"}},
         "pass (dkim example.org) reject by p= of example.org"},
        {"a pass whose organization is not known", without_sub, {{dkim, pass, "sub.example.org"}}, dkim_unknown},
        {"a fail whose organization is not known", without_sub, {{dkim, other, "sub.example.org"}}, fails},
        {"the author's organization is not known: the same domain passes", half, {{dkim, pass, "example.org"}},
         "pass (dkim example.org) reject by p= of example.org"},
        {"another may have the same", half, {{dkim, pass, "mail.example.org"}}, dkim_unknown},
        {"one of another top-level domain cannot", half, {{dkim, pass, "example.net"}}, fails},
        {"no domain at all", plain, {{dkim, pass, ""}, {spf, pass, ""}}, fails},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto resolver = resolver_of(c.records);
        CHECK(judge(resolver, "example.org", c.identifiers) == c.want);
    }
}

TEST_CASE("discover_dmarc asks no more than it needs")
{
    struct Case {
        const char* name;
        const char* tags;
        std::vector<Identifier> identifiers;
        int want_lookups;
    };
    const Case cases[] = {
        {"the author's walk", "p=reject", {}, 3},
        {"the same domain", "p=reject", {{dkim, pass, "a.example.org"}}, 3},
        {"other organizations", "p=reject", {{dkim, pass, "example.net"}, {spf, pass, "notexample.org"}}, 3},
        {"one of the same", "p=reject", {{dkim, pass, "b.example.org"}}, 6},
        {"the same one twice", "p=reject", {{dkim, pass, "b.example.org"}, {spf, pass, "b.example.org"}}, 6},
        {"strict", "p=reject; adkim=s; aspf=s", {{dkim, pass, "b.example.org"}}, 3},
        {"strict for one of the two", "p=reject; adkim=s", {{spf, pass, "b.example.org"}}, 6},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto resolver = resolver_of({{"example.org", record(c.tags)}});
        discover(resolver, "a.example.org", c.identifiers);
        CHECK(resolver.lookups == c.want_lookups);
    }
    FakeResolver nothing; // no policy: nothing more to find out
    discover(nothing, "a.example.org", {{dkim, pass, "b.a.example.org"}});
    CHECK(nothing.lookups == 3);
}

TEST_CASE("is_same_or_below")
{
    CHECK(is_same_or_below("example.org", "example.org"));
    CHECK(is_same_or_below("a.example.org", "example.org"));
    CHECK_FALSE(is_same_or_below("badexample.org", "example.org"));
    CHECK_FALSE(is_same_or_below("org", "example.org"));
    CHECK_FALSE(is_same_or_below("", "example.org"));
}

} // namespace postern
