#include "common/spf/check_host.h"

#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <doctest/doctest.h>
#include <set>

// The public suites (suite_test.cc) hold the standard's own cases; here stand what users of other evaluators met,
// what the suites leave open, and the fields of the answer.

namespace postern {
namespace {

Deadline in_a_minute()
{
    return std::chrono::steady_clock::now() + std::chrono::minutes(1);
}

SpfQuery query_from(std::string_view ip, std::string domain = "example.org")
{
    return {*parse_ip_address(ip), "user", std::move(domain), "mail.example.org", "mx.example.net"};
}

SpfAnswer check(FakeResolver& resolver, SpfQuery query, SpfLimits limits = {})
{
    return run(check_host(resolver, std::move(query), limits, in_a_minute()));
}

// A zone with one record at example.org and more names.
FakeResolver resolver_with(std::string record, FakeResolver::Zone zone = {})
{
    zone[{"example.org", RrType::txt}] = found({std::move(record)});
    return FakeResolver(std::move(zone));
}

const DnsReply nodata{DnsStatus::nodata, {}, {}};
const DnsReply tempfail{DnsStatus::tempfail, {}, {}};

} // namespace

TEST_CASE("the answer says what matched, and where")
{
    struct Case {
        const char* name;
        const char* ip;
        SpfResult want;
        const char* want_mechanism;
        const char* want_domain;
        int want_lookups;
    };
    const Case cases[] = {
        {"directive as written", "192.0.2.7", SpfResult::pass, "IP4:192.0.2.0/24", "example.org", 0},
        {"qualifier", "198.51.100.1", SpfResult::softfail, "~a:mail.example.org", "example.org", 1},
        {"include: as written here", "203.0.113.1", SpfResult::neutral, "?include:_spf.example.org", "example.org", 2},
        {"redirect: that record", "203.0.113.99", SpfResult::fail, "-ip4:203.0.113.99", "other.example", 3},
        {"nothing matched", "203.0.113.100", SpfResult::neutral, "default", "other.example", 3},
    };
    auto resolver = resolver_with(
        "v=spf1 IP4:192.0.2.0/24 ~a:mail.example.org ?include:_spf.example.org redirect=other.example",
        {{{"mail.example.org", RrType::a}, found({"198.51.100.1"})},
         {{"_spf.example.org", RrType::txt}, found({"v=spf1 ip4:203.0.113.1 -all"})},
         {{"other.example", RrType::txt}, found({"v=spf1 -ip4:203.0.113.99"})}});
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto answer = check(resolver, query_from(c.ip));
        CHECK(answer.result == c.want);
        CHECK(answer.mechanism == c.want_mechanism);
        CHECK(answer.record_domain == c.want_domain);
        CHECK(answer.lookups == c.want_lookups);
        CHECK(answer.problem == "");
    }
}

TEST_CASE("names_client: a pass that names hosts, and not one that all the world may share")
{
    struct Case {
        const char* name;
        const char* record;
        const char* ip;
        bool want;
    };
    const Case cases[] = {
        {"ip4", "v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.7", true},
        {"ip6", "v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", true},
        {"a", "v=spf1 a -all", "192.0.2.7", true},
        {"a of another name, with a prefix", "v=spf1 a:host.example.org/24 -all", "192.0.2.9", true},
        {"mx", "v=spf1 mx -all", "192.0.2.7", true},
        {"include", "v=spf1 include:good.example.org -all", "192.0.2.7", true},
        {"include in include", "v=spf1 include:deep.example.org -all", "192.0.2.7", true},
        {"redirect", "v=spf1 redirect=good.example.org", "192.0.2.7", true},
        {"+all", "v=spf1 +all", "192.0.2.7", false},
        {"exists", "v=spf1 exists:host.example.org -all", "192.0.2.7", false},
        {"ptr", "v=spf1 ptr -all", "192.0.2.7", false},
        {"include of +all", "v=spf1 include:all.example.org -all", "192.0.2.7", false},
        {"redirect to +all", "v=spf1 redirect=all.example.org", "192.0.2.7", false},
        {"half the Internet", "v=spf1 ip4:128.0.0.0/1 -all", "192.0.2.7", false},
        {"the widest that counts", "v=spf1 ip4:192.0.0.0/12 -all", "192.0.2.7", true},
        {"wider", "v=spf1 ip4:192.0.0.0/11 -all", "192.0.2.7", false},
        {"wide IPv6", "v=spf1 ip6:2001::/16 -all", "2001:db8::1", false},
        {"a/0", "v=spf1 a/0 -all", "198.51.100.7", false},
        {"a by the client's address", "v=spf1 a:%{i}.example.org -all", "192.0.2.7", false},
        {"include by the client's address", "v=spf1 include:%{i}.in.example.org -all", "192.0.2.7", false},
        {"redirect by the client's address", "v=spf1 redirect=%{i}.in.example.org", "192.0.2.7", false},
        {"no pass", "v=spf1 ?ip4:192.0.2.0/24 -all", "192.0.2.7", false},
        {"fail", "v=spf1 -all", "192.0.2.7", false},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto resolver = resolver_with(c.record,
                                      {{{"example.org", RrType::a}, found({"192.0.2.7"})},
                                       {{"host.example.org", RrType::a}, found({"192.0.2.7"})},
                                       {{"example.org", RrType::mx}, found({"host.example.org"})},
                                       {{"7.2.0.192.in-addr.arpa", RrType::ptr}, found({"host.example.org"})},
                                       {{"192.0.2.7.example.org", RrType::a}, found({"192.0.2.7"})},
                                       {{"192.0.2.7.in.example.org", RrType::txt}, found({"v=spf1 ip4:192.0.2.7"})},
                                       {{"good.example.org", RrType::txt}, found({"v=spf1 ip4:192.0.2.0/24"})},
                                       {{"deep.example.org", RrType::txt}, found({"v=spf1 include:good.example.org"})},
                                       {{"all.example.org", RrType::txt}, found({"v=spf1 +all"})}});
        CHECK(check(resolver, query_from(c.ip)).names_client == c.want);
    }
}

TEST_CASE("an error names the domain at fault and the reason")
{
    struct Case {
        const char* name;
        const char* record;
        SpfResult want;
        const char* want_problem;
        const char* want_domain;
    };
    const Case cases[] = {
        {"syntax", "v=spf1 a:museum", SpfResult::permerror,
         "example.org: a:museum: \"museum\" does not end in a top-level domain", "example.org"},
        {"syntax in an included record", "v=spf1 include:bad.example", SpfResult::permerror,
         "bad.example: oops: unknown mechanism", "bad.example"},
        {"include of nothing", "v=spf1 include:none.example -all", SpfResult::permerror,
         "example.org: include:none.example: there is no SPF record", "example.org"},
        {"redirect to nothing", "v=spf1 redirect=none.example", SpfResult::permerror,
         "none.example: redirect= leads here, to no record", "none.example"},
        {"two records", "v=spf1 include:two.example -all", SpfResult::permerror,
         "two.example: more than one SPF record", "two.example"},
        {"loop", "v=spf1 include:example.org -all", SpfResult::permerror,
         "example.org: include:example.org: more than 10 terms ask the DNS", "example.org"},
        {"void lookups", "v=spf1 a:a.none.example a:b.none.example a:c.none.example -all", SpfResult::permerror,
         "example.org: a:c.none.example: more than 2 void lookups", "example.org"},
        {"no answer for a record", "v=spf1 include:dead.example -all", SpfResult::temperror,
         "dead.example: no answer from the DNS", "dead.example"},
        {"no answer for an address", "v=spf1 mx -all", SpfResult::temperror,
         "example.org: mx: no answer from the DNS for dead.example", "example.org"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto resolver = resolver_with(c.record, {{{"bad.example", RrType::txt}, found({"v=spf1 oops"})},
                                                 {{"two.example", RrType::txt}, found({"v=spf1", "v=spf1 -all"})},
                                                 {{"dead.example", RrType::txt}, tempfail},
                                                 {{"dead.example", RrType::a}, tempfail},
                                                 {{"example.org", RrType::mx}, found({"dead.example"})}});
        const auto answer = check(resolver, query_from("192.0.2.1"));
        CHECK(answer.result == c.want);
        CHECK(answer.problem == c.want_problem);
        CHECK(answer.record_domain == c.want_domain);
        CHECK(answer.mechanism == "");
        CHECK(answer.lookups <= 10);
    }
}

TEST_CASE("void lookups count once a term: an IPv6 client and three MX hosts with IPv4 only (pyspf 44)")
{
    auto resolver = resolver_with("v=spf1 mx ip6:2001:db8::/32 -all",
                                  {{{"example.org", RrType::mx}, found({"mx1.example.org", "mx2.example.org",
                                                                        "mx3.example.org"})},
                                   {{"mx1.example.org", RrType::aaaa}, nodata},
                                   {{"mx2.example.org", RrType::aaaa}, nodata},
                                   {{"mx3.example.org", RrType::aaaa}, nodata}});
    const auto answer = check(resolver, query_from("2001:db8::1"));
    CHECK(answer.result == SpfResult::pass);
    CHECK(answer.mechanism == "ip6:2001:db8::/32");
    CHECK(answer.void_lookups == 1);
    CHECK(resolver.lookups == 5); // all three hosts were asked
}

TEST_CASE("the void limit is the operator's, and exp= is beyond it")
{
    const auto* record = "v=spf1 a:a.none.example mx:b.none.example exists:c.none.example exp=d.none.example -all";
    auto resolver = resolver_with(record);
    CHECK(check(resolver, query_from("192.0.2.1")).result == SpfResult::permerror);
    const auto answer = check(resolver, query_from("192.0.2.1"), {3});
    CHECK(answer.result == SpfResult::fail);
    CHECK(answer.void_lookups == 3);
    CHECK(answer.explanation == "");
    CHECK(check(resolver, query_from("192.0.2.1"), {0}).problem
          == "example.org: a:a.none.example: more than 0 void lookups");
}

TEST_CASE("the limit of ten counts terms: neither the hosts of an mx, nor exp=, and the tenth is allowed")
{
    FakeResolver::Zone zone{{{"mx.example.org", RrType::a}, found({"198.51.100.1"})},
                            {{"example.org", RrType::mx},
                             found({"mx.example.org", "mx.example.org", "mx.example.org"})},
                            {{"why.example.org", RrType::txt}, found({"because"})}};
    auto at_limit = resolver_with("v=spf1 mx mx mx mx mx mx mx mx mx mx exp=why.example.org -all", zone);
    auto answer = check(at_limit, query_from("192.0.2.1"));
    CHECK(answer.result == SpfResult::fail);
    CHECK(answer.explanation == "because");
    CHECK(answer.lookups == 10);

    auto over_limit = resolver_with("v=spf1 mx mx mx mx mx mx mx mx mx mx mx -all", zone);
    answer = check(over_limit, query_from("192.0.2.1"));
    CHECK(answer.result == SpfResult::permerror);
    CHECK(answer.lookups == 10);
    CHECK(check(over_limit, query_from("198.51.100.1")).result == SpfResult::pass); // the first matched
}

TEST_CASE("the macro p takes a lookup of its own (RFC 7208 4.6.4)")
{
    const FakeResolver::Zone zone{{{"1.2.0.192.in-addr.arpa", RrType::ptr}, found({"h.example.net"})},
                                  {{"h.example.net", RrType::a}, found({"192.0.2.1"})},
                                  {{"h.example.net.ok.example", RrType::a}, found({"127.0.0.2"})}};
    auto resolver = resolver_with("v=spf1 exists:%{p}.ok.example -all", zone);
    auto answer = check(resolver, query_from("192.0.2.1"));
    CHECK(answer.result == SpfResult::pass);
    CHECK(answer.lookups == 2);

    auto greedy = resolver_with("v=spf1 a a a a a a a a a exists:%{p}.ok.example -all",
                                {{{"example.org", RrType::a}, found({"203.0.113.1"})}});
    CHECK(check(greedy, query_from("192.0.2.1")).result == SpfResult::permerror);
}

TEST_CASE("ptr: no PTR is no pass, a second ptr changes nothing, last dots do not matter")
{
    struct Case {
        const char* name;
        const char* record;
        const char* ip;
        SpfResult want;
    };
    const Case cases[] = {
        {"no PTR at all", "v=spf1 ptr -all", "192.0.2.99", SpfResult::fail},
        {"name that is not the client's", "v=spf1 ptr -all", "192.0.2.2", SpfResult::fail},
        {"validated", "v=spf1 ptr -all", "192.0.2.1", SpfResult::pass},
        {"second ptr", "v=spf1 ptr:other.example ptr:example.org -all", "192.0.2.1", SpfResult::pass},
        {"second ptr, turned", "v=spf1 ptr:example.org ptr:other.example -all", "192.0.2.1", SpfResult::pass},
        {"neither ptr", "v=spf1 ptr:other.example ptr:third.example -all", "192.0.2.1", SpfResult::fail},
        {"last dot in the record", "v=spf1 ptr:example.org. -all", "192.0.2.1", SpfResult::pass},
        {"last dot in the DNS", "v=spf1 ptr -all", "192.0.2.3", SpfResult::pass},
        {"end of a label is not a label", "v=spf1 ptr:ample.org -all", "192.0.2.1", SpfResult::fail},
        {"DNS fails: no match, no error", "v=spf1 ptr -all", "192.0.2.4", SpfResult::fail},
        {"IPv6", "v=spf1 ptr -all", "2001:db8::", SpfResult::pass},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto resolver = resolver_with(c.record, {{{"1.2.0.192.in-addr.arpa", RrType::ptr},
                                                  found({"a.net", "Mail.example.org"})},
                                                 {{"2.2.0.192.in-addr.arpa", RrType::ptr}, found({"mail.example.org"})},
                                                 {{"3.2.0.192.in-addr.arpa", RrType::ptr}, found({"dot.example.org."})},
                                                 {{"4.2.0.192.in-addr.arpa", RrType::ptr}, tempfail},
                                                 {{parse_ip_address("2001:db8::")->reverse_name(), RrType::ptr},
                                                  found({"mail.example.org"})},
                                                 {{"mail.example.org", RrType::a}, found({"192.0.2.1"})},
                                                 {{"mail.example.org", RrType::aaaa}, found({"2001:db8::"})},
                                                 {{"dot.example.org.", RrType::a}, found({"192.0.2.3"})},
                                                 {{"dot.example.org", RrType::a}, found({"192.0.2.3"})}});
        CHECK(check(resolver, query_from(c.ip)).result == c.want);
    }
}

TEST_CASE("ptr looks at ten names, and asks only for those that could match")
{
    std::vector<std::string> names(9, "spam.example.net");
    names.push_back("tenth.example.org");
    names.push_back("eleventh.example.org");
    const auto zone = [&](const char* validated) {
        return FakeResolver::Zone{{{"1.2.0.192.in-addr.arpa", RrType::ptr}, found(names)},
                                  {{validated, RrType::a}, found({"192.0.2.1"})}};
    };
    auto tenth = resolver_with("v=spf1 ptr -all", zone("tenth.example.org"));
    CHECK(check(tenth, query_from("192.0.2.1")).result == SpfResult::pass);
    CHECK(tenth.asked == std::vector<std::string>{"example.org", "1.2.0.192.in-addr.arpa", "tenth.example.org"});
    auto eleventh = resolver_with("v=spf1 ptr -all", zone("eleventh.example.org"));
    CHECK(check(eleventh, query_from("192.0.2.1")).result == SpfResult::fail);
}

TEST_CASE("an IPv6 client: macros give nibbles, mx and a ask for AAAA")
{
    const std::string nibbles = "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
    auto exists = resolver_with("v=spf1 exists:%{i}.ok.example -all",
                                {{{nibbles + ".ok.example", RrType::a}, found({"127.0.0.2"})}});
    CHECK(check(exists, query_from("2001:db8::")).result == SpfResult::pass);
    CHECK(exists.asked.back().find(':') == std::string::npos);

    auto mx = resolver_with("v=spf1 mx -all", {{{"example.org", RrType::mx},
                                                found({"v4.example.org", "v6.example.org"})},
                                               {{"v4.example.org", RrType::a}, found({"192.0.2.1"})},
                                               {{"v4.example.org", RrType::aaaa}, nodata},
                                               {{"v6.example.org", RrType::aaaa}, found({"2001:db8::1"})}});
    CHECK(check(mx, query_from("2001:db8::1")).result == SpfResult::pass);
    CHECK(check(mx, query_from("2001:db8::2")).result == SpfResult::fail);
    CHECK(check(mx, query_from("::ffff:192.0.2.1")).result == SpfResult::pass); // an IPv4 client
    CHECK(check(mx, query_from("192.0.2.2")).result == SpfResult::fail); // v6.example.org has no A record: no error
}

TEST_CASE("a domain with many TXT strings")
{
    std::vector<std::string> records;
    for (int i = 0; i < 24; ++i)
        records.push_back("verification=" + std::string(80, static_cast<char>('a' + i)));
    records.insert(records.begin() + 12, "v=spf1 ip4:192.0.2.1 -all");
    FakeResolver resolver({{{"example.org", RrType::txt}, found(records)}});
    CHECK(check(resolver, query_from("192.0.2.1")).result == SpfResult::pass);
}

TEST_CASE("redirect with include: each is evaluated for its own domain, and exp= is the deciding record's")
{
    FakeResolver::Zone zone{{{"inc.example", RrType::txt}, found({"v=spf1 redirect=far.example exp=inc-why.example"})},
                            {{"far.example", RrType::txt}, found({"v=spf1 a -all exp=far-why.example"})},
                            {{"far.example", RrType::a}, found({"192.0.2.1"})},
                            {{"other.example", RrType::txt}, found({"v=spf1 include:inc.example a -all exp=why.%{d}"})},
                            {{"other.example", RrType::a}, found({"192.0.2.2"})},
                            {{"why.other.example", RrType::txt}, found({"%{s} via %{h}"})},
                            {{"inc-why.example", RrType::txt}, found({"wrong"})},
                            {{"far-why.example", RrType::txt}, found({"wrong"})},
                            {{"first-why.example", RrType::txt}, found({"wrong"})}};
    auto resolver = resolver_with("v=spf1 include:inc.example redirect=other.example exp=first-why.example", zone);
    CHECK(check(resolver, query_from("192.0.2.1")).mechanism == "include:inc.example"); // the a of far.example in it
    CHECK(check(resolver, query_from("192.0.2.2")).mechanism == "a");                   // of other.example
    const auto answer = check(resolver, query_from("192.0.2.3"));
    CHECK(answer.result == SpfResult::fail);
    CHECK(answer.record_domain == "other.example");
    CHECK(answer.explanation == "user@example.org via mail.example.org");
}

TEST_CASE("HELO and MAIL FROM are two questions with two answers")
{
    FakeResolver resolver({{{"mail.example.org", RrType::txt}, found({"v=spf1 a -all"})},
                           {{"mail.example.org", RrType::a}, found({"192.0.2.1"})},
                           {{"victim.example", RrType::txt}, found({"v=spf1 exists:%{l}.%{d} -all"})},
                           {{"postmaster.mail.example.org", RrType::a}, found({"127.0.0.2"})}});
    auto helo = query_from("192.0.2.1", "mail.example.org");
    helo.local_part = "";
    const auto helo_answer = check(resolver, helo);
    CHECK(helo_answer.result == SpfResult::pass);
    CHECK(helo_answer.record_domain == "mail.example.org");
    CHECK(check(resolver, query_from("192.0.2.1", "victim.example")).result == SpfResult::fail);
    CHECK(check(resolver, query_from("192.0.2.1", "no-record.example")).result == SpfResult::none);

    resolver.set("mail.example.org", RrType::txt, found({"v=spf1 exists:%{l}.%{d} -all"})); // RFC 7208 4.3
    CHECK(check(resolver, helo).result == SpfResult::pass);
}

TEST_CASE("domains that cannot have a record")
{
    auto resolver = resolver_with("v=spf1 -all");
    for (const auto* domain : {"", "localhost", "[192.0.2.1]", "a..example.org", "ex\xc3\xa4mple.org", "exam ple.org",
                               "a123456789012345678901234567890123456789012345678901234567890123.example.org"}) {
        CAPTURE(domain);
        CHECK(check(resolver, query_from("192.0.2.1", domain)).result == SpfResult::none);
    }
    CHECK(resolver.lookups == 0);
    CHECK(check(resolver, query_from("192.0.2.1", "Example.ORG.")).result == SpfResult::fail);
}

TEST_CASE("a local part that is not ASCII: the terms that use it do not match (RFC 8616 4)")
{
    struct Case {
        const char* record;
        SpfResult want;
    };
    const Case cases[] = {
        {"v=spf1 exists:%{l}.example.org -all", SpfResult::fail},
        {"v=spf1 include:%{S}.example.org -all", SpfResult::fail},
        {"v=spf1 -exists:%{o} +all", SpfResult::fail}, // o holds no local part
        {"v=spf1 redirect=%{l}.example.org", SpfResult::neutral},
        {"v=spf1 exp=%{l}.example.org -all", SpfResult::fail},
    };
    for (const auto& c : cases) {
        CAPTURE(c.record);
        auto resolver = resolver_with(c.record, {{{"example.org", RrType::a}, found({"192.0.2.9"})}});
        auto query = query_from("192.0.2.1");
        query.local_part = "j\xc3\xb6rg";
        const auto answer = check(resolver, query);
        CHECK(answer.result == c.want);
        CHECK(answer.explanation == "");
        for (const auto& name : resolver.asked)
            CHECK(name == "example.org");
    }
}

TEST_CASE("an explanation is printable and of bounded length")
{
    const std::string text = "%{l} %{r} %{p} " + std::string(600, 'x');
    auto resolver = resolver_with("v=spf1 exp=why.example.org -all",
                                  {{{"why.example.org", RrType::txt}, found({text})}});
    auto query = query_from("192.0.2.1");
    query.local_part = "a\r\nb\xc3\xa4";
    const auto explanation = check(resolver, query).explanation;
    CHECK(explanation.starts_with("a?\?b?? mx.example.net unknown xxx"));
    CHECK(explanation.size() == 512);
}

TEST_CASE("names that no question can carry do not exist")
{
    auto query = query_from("192.0.2.1");
    query.helo = std::string(64, 'h') + ".example.org";
    auto resolver = resolver_with("v=spf1 a:%{h} a:x..example.org -all");
    auto answer = check(resolver, query);
    CHECK(answer.result == SpfResult::fail);
    CHECK(answer.void_lookups == 2);
    CHECK(resolver.lookups == 1); // only the record was asked for
}

TEST_CASE("an mx with ten names is looked at, with eleven it is refused, wherever the client stands")
{
    std::vector<std::string> hosts;
    FakeResolver::Zone zone;
    for (int i = 1; i <= 10; ++i) {
        hosts.push_back("mx" + std::to_string(i) + ".example.org");
        zone[{hosts.back(), RrType::a}] = found({"198.51.100." + std::to_string(i)});
    }
    zone[{"example.org", RrType::mx}] = found(hosts);
    auto ten = resolver_with("v=spf1 mx -all", zone);
    CHECK(check(ten, query_from("198.51.100.10")).result == SpfResult::pass);
    hosts.push_back("mx11.example.org");
    zone[{"example.org", RrType::mx}] = found(hosts);
    auto eleven = resolver_with("v=spf1 mx -all", zone);
    CHECK(check(eleven, query_from("198.51.100.1")).result == SpfResult::permerror);
    zone[{"example.org", RrType::mx}] = found({""}); // RFC 7505
    auto null_mx = resolver_with("v=spf1 mx -all", zone);
    CHECK(check(null_mx, query_from("198.51.100.1")).result == SpfResult::fail);
}

namespace {

// A DNS whose every answer takes its time, as Resolver allows: until the deadline at most.
class SlowResolver final : public Resolver {
public:
    SlowResolver(FakeResolver& zone, std::chrono::milliseconds delay)
        : zone_(zone)
        , delay_(delay)
    {
    }

    asio::awaitable<DnsReply> lookup(std::string name, RrType type, Deadline deadline) override
    {
        deadlines.insert(deadline);
        const auto ready = std::chrono::steady_clock::now() + delay_;
        asio::steady_timer timer(co_await asio::this_coro::executor, std::min(ready, deadline));
        co_await timer.async_wait(asio::use_awaitable);
        if (deadline < ready)
            co_return DnsReply{};
        co_return co_await zone_.lookup(std::move(name), type, deadline);
    }

    std::set<Deadline> deadlines;

private:
    FakeResolver& zone_;
    std::chrono::milliseconds delay_;
};

} // namespace

TEST_CASE("the deadline is passed to each lookup, and passing it is temperror")
{
    struct Case {
        const char* name;
        const char* record;
        const char* want_problem;
    };
    const Case cases[] = {
        {"at an a", "v=spf1 a a a a a a a a -all", "example.org: a: the time is up"},
        {"at a ptr, where a dead DNS is no error", "v=spf1 a ptr ptr ptr ptr -all", "example.org: ptr: the time is up"},
        {"at an include", "v=spf1 include:a.example include:a.example include:a.example -all", "the time is up"},
        {"at the macro p", "v=spf1 a a exists:%{p}.example exists:%{p}.example -all", "the time is up"},
    };
    using namespace std::chrono_literals;
    for (const auto& c : cases) {
        CAPTURE(c.name);
        auto zone = resolver_with(c.record, {{{"example.org", RrType::a}, found({"198.51.100.1"})},
                                             {{"a.example", RrType::txt}, found({"v=spf1 -all"})},
                                             {{"1.2.0.192.in-addr.arpa", RrType::ptr}, found({"h.example.org"})},
                                             {{"h.example.org", RrType::a}, found({"198.51.100.1"})},
                                             {{"unknown.example", RrType::a}, found({"198.51.100.1"})}});
        SlowResolver resolver(zone, 40ms);
        const auto deadline = std::chrono::steady_clock::now() + 100ms;
        const auto answer = run(check_host(resolver, query_from("192.0.2.1"), {}, deadline));
        CHECK(answer.result == SpfResult::temperror);
        CHECK(answer.problem.find(c.want_problem) != std::string::npos);
        CHECK(resolver.deadlines == std::set<Deadline>{deadline});
        CHECK(std::chrono::steady_clock::now() < deadline + 5s);
    }
    auto zone = resolver_with("v=spf1 -all");
    CHECK(run(check_host(zone, query_from("192.0.2.1"), {}, {})).problem == "example.org: the time is up");
    CHECK(zone.lookups == 0);
}

TEST_CASE("a result that is known stands, even if its explanation comes too late")
{
    using namespace std::chrono_literals;
    auto zone = resolver_with("v=spf1 exp=why.example.org -all", {{{"why.example.org", RrType::txt}, found({"x"})}});
    SlowResolver resolver(zone, 60ms);
    const auto answer
        = run(check_host(resolver, query_from("192.0.2.1"), {}, std::chrono::steady_clock::now() + 90ms));
    CHECK(answer.result == SpfResult::fail);
    CHECK(answer.explanation == "");
}

} // namespace postern
