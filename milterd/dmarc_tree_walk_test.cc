#include "milterd/dmarc_tree_walk.h"

#include "test/fake/held_resolver.h"
#include "test/run.h"

#include <doctest/doctest.h>
#include <fmt/ranges.h>

namespace postern {
namespace {

std::string joined(const std::vector<std::string>& words)
{
    return fmt::format("{}", fmt::join(words, " "));
}

} // namespace

TEST_CASE("dmarc_walk_domains (RFC 9989 4.10)")
{
    struct Case {
        const char* domain;
        const char* want;
    };
    const Case cases[] = {
        {"com", "com"},
        {"example.com", "example.com com"},
        {"a.mail.example.com", "a.mail.example.com mail.example.com example.com com"},
        {"a.b.c.d.e.f.g", "a.b.c.d.e.f.g b.c.d.e.f.g c.d.e.f.g d.e.f.g e.f.g f.g g"},
        {"a.b.c.d.e.f.g.h", "a.b.c.d.e.f.g.h b.c.d.e.f.g.h c.d.e.f.g.h d.e.f.g.h e.f.g.h f.g.h g.h h"},
        // the example of 4.10
        {"a.b.c.d.e.f.g.h.i.j.mail.example.com",
         "a.b.c.d.e.f.g.h.i.j.mail.example.com g.h.i.j.mail.example.com h.i.j.mail.example.com i.j.mail.example.com "
         "j.mail.example.com mail.example.com example.com com"},
        // that of 5.1.8
        {"mail.a.b.c.d.e.f.g.example.com",
         "mail.a.b.c.d.e.f.g.example.com c.d.e.f.g.example.com d.e.f.g.example.com e.f.g.example.com "
         "f.g.example.com g.example.com example.com com"},
    };
    for (const auto& c : cases)
        CHECK(joined(dmarc_walk_domains(c.domain)) == c.want);

    std::string longest;
    for (int i = 0; i < 126; ++i)
        longest += "a.";
    CHECK(dmarc_walk_domains(longest + "b").size() == 8);
}

TEST_CASE("walk_dmarc_tree and organizational_domain (RFC 9989 4.10.2)")
{
    const auto record = [](const char* tags) { return found({std::string("v=DMARC1; p=none; ") + tags}); };
    struct Case {
        const char* name;
        const char* domain;
        std::map<std::string, DnsReply> records;
        const char* want_records; // of whom the walk got one
        const char* want_organization; // "?": not known
    };
    const DnsReply tempfail{};
    const Case cases[] = {
        {"none at all", "a.mail.example.com", {}, "", "a.mail.example.com"},
        {"the highest", "a.mail.example.com", {{"mail.example.com", record("")}, {"example.com", record("")}},
         "mail.example.com example.com", "example.com"},
        {"psd=n", "a.mail.example.com",
         {{"mail.example.com", record("psd=n")}, {"example.com", record("")}}, "mail.example.com", "mail.example.com"},
        {"psd=y", "a.mail.example.com", {{"com", record("psd=y")}}, "com", "example.com"},
        {"psd=y above others", "a.mail.example.com",
         {{"a.mail.example.com", record("")}, {"example.com", record("")}, {"com", record("psd=y")}},
         "a.mail.example.com example.com com", "example.com"},
        {"psd=y directly above", "mail.example.com", {{"example.com", record("psd=y")}}, "example.com",
         "mail.example.com"},
        {"psd=y of the domain itself", "bank.example", {{"bank.example", record("psd=y")}, {"example", record("")}},
         "bank.example", "bank.example"},
        {"psd=u", "a.example.com", {{"a.example.com", record("psd=u")}, {"example.com", record("psd=u")}},
         "a.example.com example.com", "example.com"},
        {"a public suffix that does not say so", "example.com", {{"example.com", record("")}, {"com", record("")}},
         "example.com com", "com"},
        {"several records are none", "a.example.com",
         {{"a.example.com", found({"v=DMARC1; p=none", "v=DMARC1; p=reject"})}, {"example.com", record("")}},
         "example.com", "example.com"},
        {"three records are none", "a.example.com",
         {{"a.example.com", found({"v=DMARC1; p=none", "v=DMARC1; p=reject", "v=DMARC1; p=reject"})}}, "",
         "a.example.com"},
        {"other records beside it", "example.com",
         {{"example.com", found({"v=spf1 -all", "v=DMARC1; p=none", "hello"})}}, "example.com", "example.com"},
        {"no record of the type", "example.com", {{"example.com", {DnsStatus::nodata, {}, {}}}}, "", "example.com"},
        {"a DNS that does not answer", "a.example.com", {{"a.example.com", record("")}, {"com", tempfail}},
         "a.example.com", "?"},
        {"the same above the end of the walk", "a.example.com",
         {{"a.example.com", record("psd=n")}, {"com", tempfail}}, "a.example.com", "a.example.com"},
        {"psd=y where the walk is cut short", "a.b.c.d.e.f.g.h.i.example.com", {{"com", record("psd=y")}}, "com",
         "example.com"},
        {"cut out by the shortcut", "a.b.c.d.e.f.g.h.i.example.com", {{"b.c.d.e.f.g.h.i.example.com", record("")}},
         "", "a.b.c.d.e.f.g.h.i.example.com"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeResolver resolver;
        for (const auto& [domain, reply] : c.records)
            resolver.set("_dmarc." + domain, RrType::txt, reply);
        const auto walk = run(walk_dmarc_tree(resolver, c.domain, std::chrono::steady_clock::now() + std::chrono::minutes(1)));
        std::vector<std::string> with_record;
        for (const auto& step : walk)
            if (step.record)
                with_record.push_back(step.domain);
        CHECK(joined(with_record) == c.want_records);
        CHECK(organizational_domain(walk).value_or("?") == c.want_organization);
        CHECK(resolver.lookups <= 8);
    }
}

TEST_CASE("walk_dmarc_tree: all questions at once, and no longer than the deadline")
{
    HeldResolver resolver;
    resolver.set("_dmarc.example.com", RrType::txt, found({"v=DMARC1; p=none"}));
    for (const auto* name : {"_dmarc.a.example.com", "_dmarc.example.com", "_dmarc.com"})
        resolver.hold(name); // nobody releases them
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    const auto walk = run(walk_dmarc_tree(resolver, "a.example.com", soon));
    CHECK(resolver.lookups == 3);
    REQUIRE(walk.size() == 1);
    CHECK(walk.front().is_unknown);
}

} // namespace postern
