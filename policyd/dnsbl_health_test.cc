#include "policyd/dnsbl_health.h"

#include "common/metrics.h"
#include "test/status_of.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using State = DnsblHealth::State;

DnsblLists lists_of(const Texts& sites)
{
    DnsblSettings settings;
    settings.reply = "550 no";
    settings.sites = sites;
    return make_dnsbl_lists(settings, {});
}

DnsblAnswer answer(DnsblAnswer::Kind kind, const char* code = "127.0.0.2")
{
    DnsblAnswer answer;
    answer.kind = kind;
    answer.code = *parse_ip_address(code);
    return answer;
}

// What was told, "list state reason".
struct Told {
    std::vector<std::string> lines;

    DnsblHealth::OnChange on_change()
    {
        return [this](const DnsblList& list, const DnsblHealth::Entry& entry) {
            lines.push_back(list.public_name + " " + std::string(dnsbl_state_name(entry)) + " " + entry.reason
                            + entry.error);
        };
    }
};

} // namespace

TEST_CASE("DnsblHealth: a list is asked once it has passed its test")
{
    const auto lists = lists_of({"a.example", "b.example"});
    Told told;
    DnsblHealth health(lists, told.on_change());
    CHECK_FALSE(health.is_usable(0, false));
    health.set(0, {});
    CHECK_FALSE(health.is_usable(0, false)); // it could not be done
    health.set(0, {State::ready});
    CHECK(health.is_usable(0, false));
    CHECK(health.is_usable(0, true));
    CHECK_FALSE(health.is_usable(1, false));
    health.set(0, {}); // nor does one that could not be done change anything now
    CHECK(health.is_usable(0, false));
    health.set(0, {State::down, "it is dead"});
    health.set(0, {State::down, "it is dead"});
    CHECK_FALSE(health.is_usable(0, false));
    health.set(0, {State::ready, "", true});
    CHECK(health.is_usable(0, false));
    CHECK_FALSE(health.is_usable(0, true));
    CHECK(told.lines
          == std::vector<std::string>{"a.example ready ", "a.example down it is dead", "a.example ready "});
}

TEST_CASE("DnsblHealth: an error answer is told once, and again only after a test was passed")
{
    const auto lists = lists_of({"aip7yig6sahg6ehsohn5shco3z.zen.dq.spamhaus.net"});
    Told told;
    DnsblHealth health(lists, told.on_change());
    health.set(0, {State::ready});
    for (int i = 0; i < 3; ++i)
        health.note(0, answer(DnsblAnswer::Kind::error, "127.255.255.254"));
    CHECK(health.entry(0).errors == 3);
    CHECK(dnsbl_state_name(health.entry(0)) == "refused");
    const std::string refused =
        "zen.spamhaus.org refused answers 127.255.255.254 (it refuses public resolvers), which is no listing";
    CHECK(told.lines == std::vector<std::string>{"zen.spamhaus.org ready ", refused});
    health.set(0, {State::ready});
    health.note(0, answer(DnsblAnswer::Kind::error, "127.255.255.254"));
    const std::string ready = "zen.spamhaus.org ready ";
    CHECK(told.lines == std::vector<std::string>{ready, refused, ready, refused});
    CHECK(status_of(health)
          == "dnsbl_list zen.spamhaus.org type=address state=refused asked=4 listed=0 errors=4 failures=0 "
             "reason=\"answers 127.255.255.254 (it refuses public resolvers), which is no listing\"\n");
}

TEST_CASE("DnsblHealth: a list that is silent many times in a row is suspicious")
{
    const auto lists = lists_of({"a.example"});
    Told told;
    DnsblHealth health(lists, told.on_change());
    int suspected = 0;
    health.on_suspicion = [&](std::size_t) { ++suspected; };
    for (int i = 0; i < 4; ++i)
        health.note(0, answer(DnsblAnswer::Kind::failure));
    health.note(0, answer(DnsblAnswer::Kind::unlisted)); // it lives
    for (int i = 0; i < 4; ++i)
        health.note(0, answer(DnsblAnswer::Kind::failure));
    CHECK(suspected == 0);
    for (int i = 0; i < 4; ++i)
        health.note(0, answer(DnsblAnswer::Kind::failure));
    CHECK(suspected == 1);
    CHECK(health.entry(0).failures == 12);
}

TEST_CASE("DnsblHealth: a reload takes over what is known")
{
    const auto before_lists = lists_of({"a.example", "b.example"});
    Told told;
    DnsblHealth before(before_lists, told.on_change());
    before.set(0, {State::down, "it is dead"});
    before.set(1, {State::ready});
    before.note(1, answer(DnsblAnswer::Kind::listed));

    auto lists = lists_of({"c.example", "b.example*2", "a.example"});
    DnsblHealth health(lists, told.on_change(), &before);
    CHECK(health.entry(0).state == State::untested);
    CHECK(health.is_usable(1, false));
    CHECK(health.entry(1).listed == 1);
    CHECK(health.entry(2).reason == "it is dead");

    lists[2].self_test = false; // it is not to be tested any more
    CHECK(DnsblHealth(lists, told.on_change(), &before).is_usable(2, false));
}

TEST_CASE("DnsblHealth: two zones with one public name have a series each, and show no key")
{
    const auto lists = lists_of({"aip7yig6sahg6ehsohn5shco3z.bl.example", "bip7yig6sahg6ehsohn5shco3z.bl.example"});
    Told told;
    DnsblHealth health(lists, told.on_change());
    health.note(0, answer(DnsblAnswer::Kind::unlisted));
    health.note(1, answer(DnsblAnswer::Kind::listed));
    Facts facts;
    health.add_facts(facts);

    const auto metrics = write_metrics(facts);
    CHECK(metrics.find("postern_dnsbl_list_listed_total{list=\"bl.example\",type=\"address\"} 0\n") != std::string::npos);
    CHECK(metrics.find("postern_dnsbl_list_listed_total{list=\"bl.example\",type=\"address\",number=\"2\"} 1\n")
          != std::string::npos);
    CHECK(write_status(facts).find("dnsbl_list bl.example type=address number=2 ") != std::string::npos);
    CHECK((metrics + write_status(facts)).find("ip7yig6sahg6ehsohn5shco3z") == std::string::npos);
}

} // namespace postern
