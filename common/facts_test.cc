#include "common/facts.h"

#include <doctest/doctest.h>

namespace postern {

using namespace std::chrono_literals;

TEST_CASE("LatencyHistogram: which bucket a time is in")
{
    struct Case {
        const char* name;
        std::chrono::nanoseconds time;
        std::size_t want_bucket;
    };
    const Case cases[] = {
        {"a clock that went back", -5ns, 0},
        {"nothing", 0ns, 0},
        {"one microsecond", 1us, 0},
        {"a little more", 1001ns, 1},
        {"two", 2us, 1},
        {"three", 3us, 2},
        {"four", 4us, 2},
        {"a second", 1s, 20},
        {"the last limit", 67'108'864us, 26},
        {"beyond", 67'108'865us, 27},
        {"an hour", 1h, 27},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        LatencyHistogram times;
        times.add(c.time);
        CHECK(times.in_bucket(c.want_bucket) == 1);
        CHECK(times.count() == 1);
        if (c.want_bucket < LatencyHistogram::finite_buckets)
            CHECK(c.time <= LatencyHistogram::limit(c.want_bucket));
    }
}

TEST_CASE("LatencyHistogram: mean and shares")
{
    LatencyHistogram times;
    CHECK(times.mean() == 0ns);
    CHECK(times.at_most(0.99) == 0us);
    for (int i = 0; i < 98; ++i)
        times.add(3us);
    times.add(1s);
    times.add(1h);
    CHECK(times.sum() == 1h + 1s + 98 * 3us);
    CHECK(times.mean() == times.sum() / 100);
    CHECK(times.at_most(0.5) == 4us);
    CHECK(times.at_most(0.98) == 4us);
    CHECK(times.at_most(0.99) == 1'048'576us);
    CHECK(times.at_most(1) == LatencyHistogram::limit(LatencyHistogram::finite_buckets));
}

TEST_CASE("write_status")
{
    LatencyHistogram times;
    times.add(3us);

    Facts facts;
    facts.line("build").info({{"version", "1.0"}, {"daemon", "policyd"}}, "h");
    facts.line("requests").counter("", 12, "h").latency(times, "h");
    facts.line("check", {{"check", "spf"}})
        .counters("verdicts", "verdict", {{"dunno", 3}, {"reject", 0}, {"defer", 2}}, "h")
        .counter("observed", 0, "h");
    facts.line("dnsbl_list", {{"list", "zen.example"}, {"type", "address"}}).counter("asked", 4, "h");
    facts.line("memory").gauge("bytes", 1e9, "h").gauge("share", 0.25, "h");
    facts.line("client_address").word("state", "hidden", {"visible", "hidden"}, "h").text("from", "10.0.0.1 10.0.0.2").text("empty", "");
    CHECK(write_status(facts)
          == "build version=1.0 daemon=policyd\n"
             "requests 12 mean_us=3 p50_us=4 p99_us=4\n"
             "check spf dunno=3 defer=2 observed=0\n"
             "dnsbl_list zen.example type=address asked=4\n"
             "memory bytes=1000000000 share=0.25\n"
             "client_address state=hidden from=\"10.0.0.1 10.0.0.2\"\n");
}

TEST_CASE("write_status: nothing breaks out of its line or its quotes")
{
    Facts facts;
    facts.line("server", {{"server", "a\nb"}}).text("trouble", "x=\"1\"\nfake 2").text("nul", std::string("a\0b", 3));
    CHECK(write_status(facts) == "server a?b trouble=\"x='1'?fake 2\" nul=a?b\n");
}

TEST_CASE("readiness: every function must be ready")
{
    using Kind = FunctionState::Kind;
    struct Case {
        const char* name;
        std::vector<FunctionState> functions;
        bool want_ready;
        std::string want_text;
    };
    const Case cases[] = {
        {"none", {}, true, ""},
        {"ready", {{"spf"}, {"greylist", Kind::ready, "", "pass"}}, true, "spf ready\ngreylist ready\n"},
        {"one is down", {{"spf"}, {"greylist", Kind::down, "disk\nfull", "pass"}}, false,
         "spf ready\ngreylist down: disk?full (meanwhile: pass)\n"},
        {"one warms up", {{"ldap", Kind::warming, "", "defer"}}, false, "ldap warming (meanwhile: defer)\n"},
        {"one reloads", {{"clamav", Kind::reloading, "signatures", ""}}, false, "clamav reloading: signatures\n"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Facts facts;
        for (const auto& function : c.functions)
            facts.function(function);
        const auto got = readiness(facts);
        CHECK(got.is_ready == c.want_ready);
        CHECK(got.text == c.want_text);
    }
}

TEST_CASE("a function is a line of the status")
{
    Facts facts;
    facts.function({"spf", FunctionState::Kind::ready, "1 of 2 is away", "not told"});
    facts.function({"greylist", FunctionState::Kind::down, "disk full", "pass"});
    CHECK(write_status(facts)
          == "function spf state=ready reason=\"1 of 2 is away\"\n"
             "function greylist state=down reason=\"disk full\" meanwhile=pass\n");
}

} // namespace postern
