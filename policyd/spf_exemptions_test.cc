#include "policyd/spf_exemptions.h"

#include "common/spf/spf_cache.h"
#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;
using Is = SpfExemption::Is;

const DnsReply tempfail{DnsStatus::tempfail, {}, {}};

// The operator's lists over a DNS that a test writes down.
struct Fixture {
    std::shared_ptr<FakeResolver> dns = std::make_shared<FakeResolver>();
    SpfSettings settings;

    Fixture()
    {
        settings.exempt_helo_names = {"Mail.relay.example", ".pool.example"};
        settings.exempt_spf_domains = {"one.example", "two.example"};
        settings.exempt_sender_domains = {"careless.example"};
        settings.exempt_deadline = 10s;
    }

    SpfExemption find(std::string client, std::string helo, std::string sender)
    {
        auto exemptions = SpfExemptions::create(settings, dns, std::make_shared<SpfCache>(*dns, SpfLimits{}));
        REQUIRE(exemptions);
        PolicyRequest request;
        request.client = *parse_ip_address(client);
        request.helo_name = std::move(helo);
        request.sender_address = parse_mail_address(sender);
        return run(exemptions->find(request, std::chrono::steady_clock::now() + 60s));
    }
};

} // namespace

TEST_CASE("SpfExemptions: who is exempt, and why")
{
    struct Case {
        const char* name;
        const char* client;
        const char* helo;
        const char* sender;
        Is want;
        std::string want_why;
    };
    const Case cases[] = {
        {"nobody", "192.0.2.9", "h.example.net", "a@example.net", Is::no, ""},
        {"a sender domain", "192.0.2.9", "h.example.net", "a@Careless.example", Is::yes, "sender"},
        {"below a sender domain", "192.0.2.9", "h.example.net", "a@www.careless.example", Is::no, ""},
        {"a HELO name with the client's address", "192.0.2.1", "MAIL.relay.example.", "a@b.c", Is::yes, "helo"},
        {"the same over IPv6", "2001:db8::1", "mail.relay.example", "a@b.c", Is::yes, "helo"},
        {"a HELO name below a domain", "192.0.2.2", "a.pool.example", "a@b.c", Is::yes, "helo"},
        {"a HELO name that another client has stolen", "192.0.2.9", "mail.relay.example", "a@b.c", Is::no, ""},
        {"a HELO name that does not exist", "192.0.2.9", "b.pool.example", "a@b.c", Is::no, ""},
        {"the SPF of a domain", "198.51.100.1", "h.example.net", "a@b.c", Is::yes, "spf:one.example"},
        {"the SPF of the other domain", "198.51.100.2", "h.example.net", "", Is::yes, "spf:two.example"},
        {"a softfail there", "198.51.100.3", "h.example.net", "a@b.c", Is::no, ""},
    };
    Fixture fixture;
    fixture.dns->set("mail.relay.example", RrType::a, found({"192.0.2.3", "192.0.2.1"}));
    fixture.dns->set("mail.relay.example", RrType::aaaa, found({"2001:db8::1"}));
    fixture.dns->set("a.pool.example", RrType::a, found({"192.0.2.2"}));
    fixture.dns->set("one.example", RrType::txt, found({"v=spf1 ip4:198.51.100.1 -all"}));
    fixture.dns->set("two.example", RrType::txt, found({"v=spf1 ip4:198.51.100.2 ~all"}));
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got = fixture.find(c.client, c.helo, c.sender);
        CHECK(got.is == c.want);
        CHECK(got.why == c.want_why);
    }
}

TEST_CASE("SpfExemptions: a DNS that does not answer leaves it unknown, unless another way is known")
{
    Fixture fixture;
    fixture.dns->set("mail.relay.example", RrType::a, tempfail);
    fixture.dns->set("one.example", RrType::txt, tempfail);
    CHECK(fixture.find("192.0.2.1", "mail.relay.example", "a@b.c").is == Is::unknown);
    CHECK(fixture.find("192.0.2.1", "h.example.net", "a@b.c").is == Is::unknown);
    CHECK(fixture.find("192.0.2.1", "h.example.net", "a@careless.example").is == Is::yes);
    fixture.dns->set("two.example", RrType::txt, found({"v=spf1 ip4:192.0.2.1 -all"}));
    CHECK(fixture.find("192.0.2.1", "mail.relay.example", "a@b.c").why == "spf:two.example");
    fixture.dns->set("one.example", RrType::txt, found({"v=spf1 -all"}));
    CHECK(fixture.find("192.0.2.9", "mail.relay.example", "a@b.c").is == Is::unknown);
}

TEST_CASE("SpfExemptions: a name that is not listed is not looked up")
{
    Fixture fixture;
    fixture.settings.exempt_spf_domains = {};
    CHECK(fixture.find("192.0.2.1", "h.example.net", "a@b.c").is == Is::no);
    CHECK(fixture.dns->lookups == 0);
}

TEST_CASE("SpfExemptions: an entry that is none is named with its setting")
{
    const auto fault = [](auto change) {
        SpfSettings settings;
        change(settings);
        const auto dns = std::make_shared<FakeResolver>();
        const auto exemptions = SpfExemptions::create(settings, dns, std::make_shared<SpfCache>(*dns, SpfLimits{}));
        REQUIRE_FALSE(exemptions);
        return exemptions.error().what;
    };
    CHECK(fault([](auto& s) { s.exempt_helo_names = {"a b"}; }).starts_with("spf.exempt_helo_names: \"a b\" is not"));
    CHECK(fault([](auto& s) { s.exempt_sender_domains = {"a@b"}; }).starts_with("spf.exempt_sender_domains: "));
    CHECK(fault([](auto& s) { s.exempt_spf_domains = {"\xff.example"}; }).starts_with("spf.exempt_spf_domains: "));
}

} // namespace postern
