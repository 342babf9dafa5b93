#include "policyd/recipient_harvest.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

IpAddress ip(const char* text)
{
    return *parse_ip_address(text);
}

} // namespace

TEST_CASE("RecipientHarvest: beyond the limit, until the window is over")
{
    Deadline now{};
    RecipientHarvest harvest({.limit = 2, .window = 60s, .now = [&] { return now; }});
    for (int i = 0; i < 2; ++i) {
        harvest.count_unknown(ip("192.0.2.1"));
        CHECK_FALSE(harvest.is_caught(ip("192.0.2.1")));
    }
    now += 59s;
    harvest.count_unknown(ip("192.0.2.200")); // a neighbour
    CHECK(harvest.is_caught(ip("192.0.2.1")));
    CHECK(harvest.is_caught(ip("192.0.2.2")));
    CHECK_FALSE(harvest.is_caught(ip("192.0.3.1")));
    CHECK(harvest.times_caught() == 1);

    now += 1s;
    CHECK_FALSE(harvest.is_caught(ip("192.0.2.1")));
    harvest.count_unknown(ip("192.0.2.1")); // counted anew
    CHECK_FALSE(harvest.is_caught(ip("192.0.2.1")));
}

TEST_CASE("RecipientHarvest: IPv6, no limit, bounded")
{
    RecipientHarvest harvest({.limit = 1, .networks = 2});
    for (int i = 0; i < 2; ++i)
        harvest.count_unknown(ip("2001:db8:0:1::1"));
    CHECK(harvest.is_caught(ip("2001:db8:0:1:ffff::2")));
    CHECK_FALSE(harvest.is_caught(ip("2001:db8:0:2::1")));
    harvest.count_unknown(ip("192.0.2.1"));
    harvest.count_unknown(ip("192.0.3.1"));
    CHECK(harvest.networks() == 2);
    CHECK_FALSE(harvest.is_caught(ip("2001:db8:0:1::1"))); // forgotten

    RecipientHarvest none({.limit = 0});
    none.count_unknown(ip("192.0.2.1"));
    CHECK_FALSE(none.is_caught(ip("192.0.2.1")));
    CHECK(none.networks() == 0);
}

} // namespace postern
