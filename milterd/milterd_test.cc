#include "milterd/milterd.h"

#include "config/settings.h"
#include "test/fake/fake_log.h"

#include <doctest/doctest.h>
#include <future>

namespace postern {
namespace {

Config defaults()
{
    auto loaded = load_config("", {});
    REQUIRE(loaded);
    loaded->config.clamav.enable = false;
    return loaded->config;
}

} // namespace

TEST_CASE("Milterd: what is wrong refuses a reload, and what runs goes on")
{
    FakeLog log;
    Milterd milterd(log, {});
    const auto good = defaults();
    CHECK(milterd.configure(good));
    CHECK(milterd.configure(good));

    auto bad = good;
    bad.trust.relays = {"192.0.2.0/33"};
    CHECK(milterd.configure(bad).error().what.find("trust.relays: ") == 0);
    bad = good;
    bad.dns.servers = {"no address"};
    CHECK(milterd.configure(bad).error().what.find("dns: ") == 0);
    CHECK(milterd.configure(good));
}

TEST_CASE("Milterd: a key that cannot be used refuses a reload, but not a start")
{
    FakeLog log;
    Milterd milterd(log, {});
    auto config = defaults();
    config.dkim.domains = {{"example.org", "mail", "/nonexistent/key.pem", false}};
    CHECK(milterd.configure(config));
    REQUIRE(log.lines.size() == 1);
    CHECK(log.lines[0].find("dkim_key problem=") == 0);
    CHECK(log.lines[0].find("/nonexistent/key.pem") != std::string::npos);
    Facts facts;
    milterd.add_facts(facts);
    CHECK(readiness(facts).text.find("\ndkim_sign down: ") != std::string::npos);
    CHECK(milterd.configure(config).error().what.find("/nonexistent/key.pem") != std::string::npos);
    CHECK(milterd.configure(defaults()));
}

TEST_CASE("Milterd: without mail in work it drains and closes at once")
{
    FakeLog log;
    Milterd milterd(log, {});
    CHECK(milterd.configure(defaults()));
    Facts facts;
    milterd.add_facts(facts);
    const auto status = write_status(facts);
    CAPTURE(status);
    for (const auto* line : {"function milterd state=ready\nfunction header state=ready\nfunction spf state=ready\n", "function dkim_verify state=ready\n",
                             "connections open=0 refused=0\nmessages local_deferred=0 aborted=0 faults=0\n", "spool bytes=0 ", "dns hits=0 "})
        CHECK(status.find(line) != std::string::npos);
    std::promise<void> drained;
    milterd.drain([&] { drained.set_value(); });
    CHECK(drained.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    CHECK(milterd.close());
    CHECK_FALSE(milterd.has_failed());
}

} // namespace postern
