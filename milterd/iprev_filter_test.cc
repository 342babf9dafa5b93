#include "milterd/iprev_filter.h"

#include "test/fake/fake_resolver.h"
#include "test/fake/held_resolver.h"
#include "test/io_thread.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

std::string judge(Resolver& resolver, const IpAddress& client, const char* client_name = "unknown")
{
    IoThread io;
    IprevFilter filter(50ms, resolver, io.executor());
    Message message;
    message.client = client;
    message.client_name = client_name;
    const auto pass = filter.begin(message);
    REQUIRE(pass);
    Findings findings;
    CHECK(pass->verdict(message, findings, std::chrono::steady_clock::now() + 60s).action == FilterAction::accept);
    return write_auth_results("mx", findings.auth_results);
}

} // namespace

TEST_CASE("IprevFilter (RFC 8601 3)")
{
    const auto client = IpAddress::v4({192, 0, 2, 1});
    const auto ptr = std::pair<std::string, RrType>("1.2.0.192.in-addr.arpa", RrType::ptr);
    const auto a = [](const char* name) { return std::pair<std::string, RrType>(name, RrType::a); };
    std::vector<std::string> many(12, "x.example");
    many.back() = "mx.example";
    struct Case {
        const char* name;
        FakeResolver::Zone zone;
        const char* want;
    };
    const Case cases[] = {
        {"forth and back", {{ptr, found({"mx.example"})}, {a("mx.example"), found({"192.0.2.1"})}},
         "iprev=pass (mx.example)"},
        {"by the second name", {{ptr, found({"no.example", "mx.example"})}, {a("mx.example"), found({"192.0.2.9", "192.0.2.1"})}},
         "iprev=pass (mx.example)"},
        {"a name with other addresses", {{ptr, found({"mx.example"})}, {a("mx.example"), found({"192.0.2.9"})}},
         "iprev=fail"},
        {"a name without any", {{ptr, found({"mx.example"})}}, "iprev=fail"},
        {"no name", {}, "iprev=permerror"},
        {"names are not told now", {{ptr, DnsReply{}}}, "iprev=temperror"},
        {"nor addresses", {{ptr, found({"mx.example"})}, {a("mx.example"), DnsReply{}}}, "iprev=temperror"},
        {"too many names", {{ptr, found(many)}, {a("mx.example"), found({"192.0.2.1"})}}, "iprev=fail"},
        {"a name that would break out", {{ptr, found({"mx.example) spf=pass (\\"})}, {a("mx.example) spf=pass (\\"), found({"192.0.2.1"})}},
         "iprev=pass (mx.example\\) spf=pass \\(\\\\)"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        FakeResolver resolver(c.zone);
        CHECK(judge(resolver, client) == std::string("mx;\n\t") + c.want + " policy.iprev=192.0.2.1");
        CHECK(resolver.lookups <= 11);
    }
}

TEST_CASE("IprevFilter: what Postfix has verified is not asked for again")
{
    FakeResolver resolver;
    CHECK(judge(resolver, IpAddress::v4({192, 0, 2, 1}), "mx.example") == "mx;\n\tiprev=pass (mx.example) policy.iprev=192.0.2.1");
    CHECK(resolver.lookups == 0);
}

TEST_CASE("IprevFilter: IPv6, and a DNS that says nothing")
{
    const auto client = *parse_ip_address("2001:db8::1");
    FakeResolver resolver({{{client.reverse_name(), RrType::ptr}, found({"mx.example"})},
                           {{"mx.example", RrType::aaaa}, found({"2001:db8::1"})}});
    CHECK(judge(resolver, client) == "mx;\n\tiprev=pass (mx.example) policy.iprev=\"2001:db8::1\"");

    HeldResolver silent;
    silent.hold(client.reverse_name());
    CHECK(judge(silent, client) == "mx;\n\tiprev=temperror policy.iprev=\"2001:db8::1\"");
}

TEST_CASE("IprevFilter: only strangers with an address")
{
    FakeResolver resolver;
    IoThread io;
    IprevFilter filter(1s, resolver, io.executor());
    Message message;
    CHECK(filter.begin(message) == nullptr);
    message.client = IpAddress::v4({192, 0, 2, 1});
    message.origin = Origin::relay;
    CHECK(filter.begin(message) == nullptr);
}

} // namespace postern
