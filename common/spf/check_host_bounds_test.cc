#include "common/spf/check_host.h"

#include "common/text.h"
#include "test/fake/fake_resolver.h"
#include "test/run.h"

#include <doctest/doctest.h>
#include <random>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr int evaluations = 5'000;

// Every term may ask for the names of the client and ten addresses of those, and for ten hosts of its own; then exp=.
constexpr int most_questions = 1 + 10 * (11 + 11) + 1 + 2 * 11 + 1;

// Zones made by chance of what records are made of, at names that refer to each other.
class Chance {
public:
    explicit Chance(unsigned seed)
        : random_(seed)
    {
    }

    FakeResolver zone()
    {
        FakeResolver resolver;
        for (const auto* name : names) {
            resolver.set(name, RrType::txt, reply([this] { return one_of({record(), record(), "not SPF", ""}); }, 3));
            resolver.set(name, RrType::mx, reply([this] { return domain(); }, 12));
            resolver.set(name, RrType::a, reply([this] { return one_of(addresses); }, 12));
            resolver.set(name, RrType::aaaa, reply([this] { return one_of(addresses); }, 12));
        }
        for (const auto* client : addresses)
            resolver.set(parse_ip_address(client)->reverse_name(), RrType::ptr, reply([this] { return domain(); }, 12));
        return resolver;
    }

    SpfQuery query()
    {
        return {*parse_ip_address(one_of(addresses)), one_of({"", "user", "a+b", "\xc3\xa4", "%{s}"}), domain(), domain(),
                one_of({"", "mx.example"})};
    }

    SpfLimits limits() { return {number(4)}; }

private:
    static constexpr const char* names[] = {"a.example", "b.example", "c.example", "d.example", "e.example"};
    static constexpr const char* addresses[] = {"192.0.2.1", "192.0.2.77", "203.0.113.1", "2001:db8::1", "2001:db8::ffff"};

    int number(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

    template <std::size_t size>
    std::string one_of(const char* const (&all)[size])
    {
        return all[number(size)];
    }
    std::string one_of(const std::vector<std::string>& all) { return all[static_cast<std::size_t>(number(static_cast<int>(all.size())))]; }

    template <class Record>
    DnsReply reply(Record make, int most)
    {
        const int kind = number(8);
        if (kind < 3)
            return {kind == 0 ? DnsStatus::tempfail : kind == 1 ? DnsStatus::nodata : DnsStatus::nxdomain, {}, {}};
        std::vector<std::string> records;
        for (int i = kind < 6 ? 1 : 1 + number(most); i > 0; --i)
            records.push_back(make());
        return found(std::move(records));
    }

    std::string domain() { return number(12) == 0 ? one_of({"", ".", "x", "nobody.example", std::string(64, 'l') + ".example"}) : one_of(names); }

    std::string domain_spec()
    {
        return one_of({domain(), domain(), domain(), "%{i}.%{v}.a.example", "%{p}", "%{p2}.b.example", "%{l}.%{o}", "%{d}",
                       "%{s}", "%{ir}.c.example", "%{h}", "%{d999r+-}.example", "%", "a..b", "%{x}.example"});
    }

    std::string record()
    {
        std::string text = "v=spf1";
        for (int i = number(12); i > 0; --i)
            text += " " + one_of({"", "+", "-", "~", "?"})
                + one_of({"include:" + domain_spec(), "include:" + domain_spec(), "a:" + domain_spec(), "a/24//64",
                          "mx:" + domain_spec(), "mx", "ptr", "ptr:" + domain_spec(), "exists:" + domain_spec(),
                          "ip4:192.0.2.0/26", "ip6:2001:db8::/126", "ip4:300.1.1.1", "all"});
        if (number(3) == 0)
            text += " redirect=" + domain_spec();
        if (number(3) == 0)
            text += " exp=" + domain_spec();
        return text;
    }

    std::mt19937 random_;
};

bool is_printable(const std::string& text)
{
    return printable(text, text.size()) == text;
}

} // namespace

TEST_CASE("check_host: whatever records say of each other, it ends soon, with an answer that is whole")
{
    Chance chance(7208);
    int seen[7] = {};
    for (int i = 0; i < evaluations; ++i) {
        CAPTURE(i);
        auto resolver = chance.zone();
        const auto limits = chance.limits();
        auto query = chance.query();
        const auto answer = run(check_host(resolver, std::move(query), limits, std::chrono::steady_clock::now() + 1h));
        ++seen[static_cast<int>(answer.result)];

        const bool is_error = answer.result == SpfResult::temperror || answer.result == SpfResult::permerror;
        REQUIRE(resolver.lookups <= most_questions);
        REQUIRE(answer.lookups <= 10);
        REQUIRE(answer.void_lookups <= limits.void_lookups + 1);
        REQUIRE((answer.void_lookups <= limits.void_lookups || answer.result == SpfResult::permerror));
        REQUIRE(answer.problem.empty() != is_error);
        REQUIRE(answer.mechanism.empty() == (is_error || answer.result == SpfResult::none));
        REQUIRE((answer.explanation.empty() || answer.result == SpfResult::fail));
        REQUIRE((answer.result == SpfResult::pass || !answer.names_client));
        REQUIRE((answer.result == SpfResult::fail || !answer.sends_no_mail));
        REQUIRE(answer.explanation.size() <= 512);
        for (const auto* text : {&answer.mechanism, &answer.explanation, &answer.problem})
            REQUIRE(is_printable(*text));
    }
    for (const int times : seen) // chance came to each of them
        CHECK(times > evaluations / 1000);
}

} // namespace postern
