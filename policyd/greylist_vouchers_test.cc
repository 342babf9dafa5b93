#include "policyd/greylist_vouchers.h"
#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

GreylistVouchers vouchers(const GreylistSettings& settings, GreylistVouchers::Sources sources)
{
    auto made = GreylistVouchers::create(settings, std::move(sources));
    REQUIRE(made.has_value());
    return std::move(*made);
}

std::string ask(const GreylistVouchers& vouchers, const char* client = "192.0.2.1")
{
    return run(vouchers.voucher(*parse_ip_address(client), "helo.example.org", Deadline::max()));
}

} // namespace

TEST_CASE("GreylistVouchers: DNS lists, whose errors never count")
{
    struct Case {
        const char* name;
        const char* zone;
        DnsReply reply;
        bool want;
    };
    const Case cases[] = {
        {"not listed", "allow.example", {DnsStatus::nxdomain, {}, {}}, false},
        {"listed", "allow.example", found({"127.0.10.3"}), true},
        {"one of two", "allow.example", found({"127.0.0.255", "127.0.10.3"}), true},
        {"dnswl.org: too many questions", "list.dnswl.org", found({"127.0.0.255"}), false},
        {"dnswl.org: listed", "list.dnswl.org", found({"127.0.15.0"}), true},
        {"dnswl.org: not one of its answers", "list.dnswl.org", found({"127.0.15.9"}), false},
        {"any list: refused", "allow.example", found({"127.255.255.254"}), false},
        {"any list: 127.0.0.255", "allow.example", found({"127.0.0.255"}), false},
        {"a wildcard's web server", "allow.example", found({"203.0.113.1"}), false},
        {"the DNS is broken", "allow.example", {DnsStatus::tempfail, {}, {}}, false},
        {"filter matches", "allow.example=127.0.[0..255].[2..3]", found({"127.0.10.3"}), true},
        {"filter does not match", "allow.example=127.0.[0..255].[2..3]", found({"127.0.10.1"}), false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto resolver = std::make_shared<FakeResolver>();
        const std::string zone(c.zone);
        resolver->set("1.2.0.192." + zone.substr(0, zone.find('=')), RrType::a, c.reply);
        GreylistSettings settings;
        settings.allow_zones = {zone};
        CHECK(ask(vouchers(settings, {resolver, {}})) == (c.want ? "DNS allow list" : ""));
    }
}

TEST_CASE("GreylistVouchers: an IPv6 client is asked about by its nibbles")
{
    auto resolver = std::make_shared<FakeResolver>();
    GreylistSettings settings;
    settings.allow_zones = {"allow.example"};
    ask(vouchers(settings, {resolver, {}}), "2001:db8::1");
    REQUIRE(resolver->asked.size() == 1);
    CHECK(resolver->asked[0] == "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.allow.example");
}

TEST_CASE("GreylistVouchers: the SPF of listed domains, asked in their order up to the first that passes")
{
    std::vector<std::string> asked;
    GreylistSettings settings;
    settings.spf_domains = {"a.example", "B.example", "c.example"};
    const auto made = vouchers(settings, {nullptr, [&](SpfQuery query, Deadline) -> asio::awaitable<SharedSpfAnswer> {
                                              asked.push_back(query.domain);
                                              CHECK(query.helo == "helo.example.org");
                                              SpfAnswer answer;
                                              answer.result = query.ip.text() == "192.0.2.1" && query.domain == "b.example"
                                                  ? SpfResult::pass
                                                  : SpfResult::neutral;
                                              co_return std::make_shared<SpfAnswer>(answer);
                                          }});
    CHECK(ask(made) == "SPF of b.example");
    CHECK(asked == std::vector<std::string>{"a.example", "b.example"});
    CHECK(ask(made, "192.0.2.2") == "");
    CHECK(asked.size() == 5);
}

TEST_CASE("GreylistVouchers: notes say what each was asked and said")
{
    GreylistSettings settings;
    settings.allow_zones = {"allow.example", "aip7yig6sahg6ehsohn5shco3z.allow.example"};
    settings.spf_domains = {"a.example"};
    const auto made = vouchers(settings, {std::make_shared<FakeResolver>(), [](SpfQuery, Deadline) -> asio::awaitable<SharedSpfAnswer> {
                                              SpfAnswer answer;
                                              answer.result = SpfResult::fail;
                                              answer.lookups = 3;
                                              answer.void_lookups = 1;
                                              co_return std::make_shared<SpfAnswer>(answer);
                                          }});
    std::vector<std::string> notes;
    CHECK(run(made.voucher(*parse_ip_address("192.0.2.1"), "h.example", Deadline::max(), &notes)) == "");
    CHECK(notes == std::vector<std::string>{"allow.example: not listed, 1 lookup", "allow.example: not listed, 1 lookup",
                                            "SPF of a.example: fail, 3 of 10 lookups, 1 void"});
}

TEST_CASE("GreylistVouchers: notes call a zone as they are told")
{
    GreylistSettings settings;
    settings.allow_zones = {"Secret.allow.example=127.0.0.2"};
    const auto made = vouchers(settings, {std::make_shared<FakeResolver>(), {}, [](const std::string& zone) {
                                              return zone == "secret.allow.example" ? "allow.example" : zone;
                                          }});
    std::vector<std::string> notes;
    CHECK(run(made.voucher(*parse_ip_address("192.0.2.1"), "h.example", Deadline::max(), &notes)) == "");
    CHECK(notes == std::vector<std::string>{"allow.example: not listed, 1 lookup"});
}

TEST_CASE("GreylistVouchers: nobody is asked where nobody is listed")
{
    CHECK(GreylistVouchers().empty());
    CHECK(ask(GreylistVouchers()) == "");
}

} // namespace postern
